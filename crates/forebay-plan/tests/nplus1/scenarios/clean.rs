//! Requests that ask more than once, and do well.

use super::{Ground, Scenario, Story};
use forebay_pool::{Bulk, Pool};
use forebay_scope::Scope;
use std::time::Duration;

pub(super) fn scenarios() -> Vec<Scenario> {
    let clean = |name, run| Scenario { name, planted: &[], run };
    vec![
        clean("all values at once", batched),
        clean("all values in chunks", chunks),
        clean("lists in chunks", lists_in_chunks),
        clean("a join", join),
        clean("pages by offset", pages_by_offset),
        clean("pages by key", pages_by_key),
        clean("pages by two keys", pages_by_two_keys),
        clean("periods", periods),
        clean("again after an error", again_after_an_error),
        clean("the same statement from two places", two_places),
        clean("values that come from elsewhere", from_elsewhere),
        clean("small numbers that are there by chance", by_chance),
        clean("a fixed list of words that a result has as well", fixed_words),
        clean("two columns of one row", two_columns_of_a_row),
        clean("one row, one question", one_row),
        clean("waiting until it is done", until_done),
        clean("a look every now and then", every_now_and_then),
        clean("read, write, read", read_write_read),
        clean("signs of life", signs_of_life),
        clean("kept in the request", kept),
        clean("rows written in chunks", rows_in_chunks),
        clean("rows written in bulk", bulk),
        clean("how far a job has got", progress),
        clean("a log between other things", a_log),
        clean("from one account to the other", two_accounts),
        clean("a transaction that ran again", transaction_again),
        clean("jobs taken one after the other", jobs_taken),
        clean("two requests, one question each", two_requests),
    ]
}

fn batched(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let authors = ground.column::<i32>("SELECT author_id FROM posts").await;
        ground
            .pool
            .query("SELECT id, name FROM authors WHERE id = ANY($1)", &[&authors])
            .await
            .expect("rows");
    })
}

fn chunks(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for posts in ground.column::<i32>("SELECT id FROM posts").await.chunks(4) {
            ground
                .pool
                .query("SELECT body FROM comments WHERE post_id = ANY($1)", &[&posts])
                .await
                .expect("rows");
        }
    })
}

fn lists_in_chunks(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for posts in ground.column::<i32>("SELECT id FROM posts").await.chunks(3) {
            let sql = "SELECT body FROM comments WHERE post_id IN ($1, $2, $3)";
            ground.pool.query(sql, &[&posts[0], &posts[1], &posts[2]]).await.expect("rows");
        }
        for authors in ground.column::<i32>("SELECT id FROM authors").await.chunks(3) {
            let list: Vec<String> = authors.iter().map(i32::to_string).collect();
            let sql = format!("SELECT title FROM posts WHERE author_id IN ({})", list.join(", "));
            ground.pool.query(&sql, &[]).await.expect("rows");
        }
    })
}

fn join(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let sql =
            "SELECT p.id, a.name FROM posts p JOIN authors a ON a.id = p.author_id WHERE a.country = $1";
        for country in ["DE", "FR"] {
            ground.pool.query(sql, &[&country]).await.expect("rows");
        }
    })
}

fn pages_by_offset(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        ground.column::<i32>("SELECT id FROM authors").await;
        for page in 0..3_i64 {
            let sql = "SELECT id FROM posts ORDER BY id LIMIT $1 OFFSET $2";
            ground.pool.query(sql, &[&4_i64, &(page * 4)]).await.expect("rows");
        }
        for page in 0..3 {
            let sql = format!("SELECT id FROM posts ORDER BY id LIMIT 4 OFFSET {}", page * 4);
            ground.pool.query(&sql, &[]).await.expect("rows");
        }
    })
}

fn pages_by_key(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let mut last = 0_i32;
        loop {
            let sql = "SELECT id, title FROM posts WHERE id > $1 ORDER BY id LIMIT 5";
            let page = ground.pool.query(sql, &[&last]).await.expect("rows");
            let Some(row) = page.last() else { break };
            last = row.get(0);
        }
    })
}

fn pages_by_two_keys(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let (mut created, mut id) = (0_i32, 0_i32);
        loop {
            let sql =
                "SELECT created, id FROM posts WHERE (created, id) > ($1, $2) ORDER BY created, id LIMIT 5";
            let page = ground.pool.query(sql, &[&created, &id]).await.expect("rows");
            let Some(row) = page.last() else { break };
            (created, id) = (row.get(0), row.get(1));
        }
    })
}

fn periods(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        ground.column::<i32>("SELECT created FROM posts").await;
        for begin in [0_i32, 40, 80] {
            let sql = "SELECT count(*) FROM posts WHERE created BETWEEN $1 AND $2";
            ground.pool.query_one(sql, &[&begin, &(begin + 40)]).await.expect("a row");
        }
    })
}

fn again_after_an_error(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for divisor in [0_i32, 0, 1] {
            let answer = ground.pool.query("SELECT id / $1 FROM authors", &[&divisor]).await;
            assert_eq!(answer.is_err(), divisor == 0);
        }
    })
}

fn two_places(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let authors = ground.column::<i32>("SELECT id FROM authors ORDER BY id LIMIT 2").await;
        let sql = "SELECT title FROM posts WHERE author_id = $1";
        ground.pool.query(sql, &[&authors[0]]).await.expect("rows");
        ground.pool.query(sql, &[&authors[1]]).await.expect("rows");
    })
}

fn from_elsewhere(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        ground.column::<i32>("SELECT id FROM authors").await;
        for author in [101_i32, 102, 103] {
            ground
                .pool
                .query("SELECT title FROM posts WHERE author_id = $1", &[&author])
                .await
                .expect("rows");
        }
    })
}

fn by_chance(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        ground.column::<i32>("SELECT id FROM authors ORDER BY id").await;
        for priority in [1_i32, 2, 3] {
            ground
                .pool
                .query_one("SELECT count(*) FROM posts WHERE priority = $1", &[&priority])
                .await
                .expect("a row");
        }
    })
}

fn fixed_words(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        ground.column::<String>("SELECT status, id FROM posts ORDER BY id").await;
        for status in ["paid", "open", "sent"] {
            ground
                .pool
                .query_one("SELECT count(*) FROM posts WHERE status = $1", &[&status])
                .await
                .expect("a row");
        }
    })
}

async fn author(pool: &Pool, id: i32) {
    pool.query_opt("SELECT name FROM authors WHERE id = $1", &[&id]).await.expect("rows");
}

fn two_columns_of_a_row(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let trade =
            ground.pool.query_one("SELECT buyer_id, seller_id FROM trades", &[]).await.expect("a row");
        author(&ground.pool, trade.get(0)).await;
        author(&ground.pool, trade.get(1)).await;
    })
}

fn one_row(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for id in ground.column::<i32>("SELECT author_id FROM posts WHERE id = 3").await {
            author(&ground.pool, id).await;
        }
    })
}

fn until_done(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let other = ground.database.client().await;
        for step in 0..4_i32 {
            let row =
                ground.pool.query_one("SELECT progress FROM jobs WHERE id = 1", &[]).await.expect("a row");
            assert_eq!(row.get::<_, i32>(0), step);
            other.execute("UPDATE jobs SET progress = $1 WHERE id = 1", &[&(step + 1)]).await.expect("a row");
        }
        other.execute("UPDATE jobs SET progress = 0 WHERE id = 1", &[]).await.expect("a row");
    })
}

fn every_now_and_then(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for _ in 0..3 {
            ground.pool.query_one("SELECT state FROM jobs WHERE id = 2", &[]).await.expect("a row");
            // What the scenario is about: a pause between two looks.
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    })
}

fn read_write_read(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let writer = ground.pool.write().await.expect("a session");
        for _ in 0..2 {
            writer.query_one("SELECT count(*) FROM jobs WHERE state = 'waiting'", &[]).await.expect("a row");
            writer.execute("UPDATE jobs SET progress = 0 WHERE state = 'lost'", &[]).await.expect("rows");
        }
    })
}

fn signs_of_life(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for _ in 0..3 {
            ground.pool.query_one("SELECT 1", &[]).await.expect("a row");
            ground.pool.query_one("SELECT now()", &[]).await.expect("a row");
        }
    })
}

fn kept(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let mut known = std::collections::HashMap::new();
        for country in ["DE", "DE", "DE"] {
            if known.contains_key(country) {
                continue;
            }
            let rows = ground.pool.query("SELECT id FROM authors WHERE country = $1", &[&country]).await;
            known.insert(country, rows.expect("rows"));
        }
    })
}

fn rows_in_chunks(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for first in [0_i32, 10, 20, 30] {
            let sql = "INSERT INTO events (what, amount) VALUES ('a', $1), ('b', $2), ('c', $3)";
            ground.pool.execute(sql, &[&first, &(first + 1), &(first + 2)]).await.expect("rows");
            let amounts: Vec<i32> = (first..first + 5).collect();
            let sql = "INSERT INTO events (what, amount) SELECT 'd', * FROM unnest($1::int[])";
            ground.pool.execute(sql, &[&amounts]).await.expect("rows");
        }
    })
}

fn bulk(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let writer = ground.pool.write().await.expect("a session");
        let rows: Vec<_> = (0..50_i32).map(|amount| ("bulk", amount)).collect();
        let events = Bulk::into("events").columns(["what", "amount"]);
        for rows in rows.chunks(10) {
            writer.insert_many(&events, rows).await.expect("rows");
        }
    })
}

fn progress(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for progress in [10_i32, 20, 30, 40] {
            let sql = "UPDATE jobs SET progress = $1 WHERE id = $2";
            ground.pool.execute(sql, &[&progress, &3_i32]).await.expect("a row");
        }
    })
}

fn a_log(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let log = async |what: &str| {
            let sql = "INSERT INTO events (what, amount) VALUES ($1, 0)";
            ground.pool.execute(sql, &[&what]).await.expect("a row");
        };
        log("begun").await;
        ground.pool.query("SELECT id FROM authors WHERE country = 'IT'", &[]).await.expect("rows");
        log("read").await;
        ground.pool.query("SELECT max(created) FROM posts", &[]).await.expect("rows");
        log("ended").await;
    })
}

fn two_accounts(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let transaction = ground.pool.begin().await.expect("a transaction");
        for (id, by) in [(1_i32, -1_i32), (2, 1)] {
            let sql = "UPDATE jobs SET progress = progress + $1 WHERE id = $2";
            transaction.execute(sql, &[&by, &id]).await.expect("a row");
        }
        transaction.rollback().await.expect("an end");
    })
}

fn transaction_again(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for _ in 0..3 {
            let transaction = ground.pool.begin().await.expect("a transaction");
            transaction.query("SELECT progress FROM jobs WHERE id = 4", &[]).await.expect("rows");
            transaction.execute("UPDATE jobs SET progress = 1 WHERE id = 4", &[]).await.expect("a row");
            transaction.rollback().await.expect("an end");
        }
    })
}

fn jobs_taken(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for _ in 0..3 {
            let sql = "UPDATE jobs SET state = 'taken' WHERE id = (SELECT id FROM jobs WHERE state = $1 ORDER BY id LIMIT 1
                FOR UPDATE SKIP LOCKED) RETURNING id";
            ground.pool.query(sql, &[&"waiting"]).await.expect("rows");
        }
    })
}

fn two_requests(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for id in [1_i32, 1] {
            Scope::new().run(author(&ground.pool, id)).await;
        }
    })
}
