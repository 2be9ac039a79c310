//! Values of an earlier result, one by one.

use super::key::Key;
use super::{Ground, Scenario, Story};
use forebay_plan::Pattern;
use forebay_pool::Pool;
use forebay_scope::Scope;
use futures_util::future::join_all;

const ONE: &[Pattern] = &[Pattern::NPlusOne];

pub(super) fn scenarios() -> Vec<Scenario> {
    let planted = |name, run| Scenario { name, planted: ONE, run };
    vec![
        planted("the author of each post", author_of_each_post),
        planted("two rows and two questions", two_rows),
        planted("how many posts each author has", counts),
        planted("all at the same time", at_the_same_time),
        planted("tasks of their own", in_tasks),
        planted("uuids, and only some of them", uuids),
        planted("long texts", slugs),
        planted("the latest three of each", latest_of_each),
        planted("a name that does not say so", unnamed),
        planted("two values at once", two_values),
        planted("whether there is any", exists),
        planted("values written into the text", literals),
        planted("through a function", through_a_function),
        planted("in a transaction", in_a_transaction),
        planted("over a shared session", pipelined),
        planted("in parts of the request", in_parts),
        planted("array by array", arrays),
        planted("a constant beside the value", beside_a_constant),
        planted("a cast behind the value", cast),
        planted("the value to the left", to_the_left),
        Scenario { name: "a loop in a loop", planted: &[Pattern::NPlusOne, Pattern::NPlusOne], run: nested },
    ]
}

fn author_of_each_post(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for author in ground.column::<i32>("SELECT author_id FROM posts ORDER BY id").await {
            ground.pool.query_one("SELECT name FROM authors WHERE id = $1", &[&author]).await.expect("a row");
        }
    })
}

fn two_rows(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for author in ground.column::<i32>("SELECT id FROM authors ORDER BY id LIMIT 2").await {
            ground
                .pool
                .query("SELECT title FROM posts WHERE author_id = $1", &[&author])
                .await
                .expect("rows");
        }
    })
}

fn counts(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for author in ground.column::<i32>("SELECT id FROM authors").await {
            let sql = "SELECT count(*), max(created) FROM posts WHERE author_id = $1";
            ground.pool.query_one(sql, &[&author]).await.expect("a row");
        }
    })
}

fn at_the_same_time(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let authors = ground.column::<i32>("SELECT id FROM authors").await;
        let ask = async |author: i32| {
            let sql = "SELECT title, pg_sleep(0.01) FROM posts WHERE author_id = $1 LIMIT 1";
            ground.pool.query(sql, &[&author]).await.expect("rows")
        };
        join_all(authors.into_iter().map(ask)).await;
    })
}

fn in_tasks(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let authors = ground.column::<i32>("SELECT id FROM authors").await;
        let task = |author: i32| {
            let pool = ground.pool.clone();
            forebay_scope::spawn(async move {
                pool.query("SELECT title FROM posts WHERE author_id = $1", &[&author]).await.expect("rows");
            })
        };
        for ended in join_all(authors.into_iter().map(task)).await {
            ended.expect("a task that ends");
        }
    })
}

fn uuids(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for parcel in ground
            .column::<Key>("SELECT id, weight FROM parcels ORDER BY weight DESC")
            .await
            .iter()
            .skip(2)
            .step_by(3)
        {
            ground.pool.query("SELECT place FROM scans WHERE parcel_id = $1", &[parcel]).await.expect("rows");
        }
    })
}

fn slugs(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for slug in ground.column::<String>("SELECT slug FROM posts WHERE status = 'open'").await {
            ground
                .pool
                .query("SELECT length(title) FROM posts p WHERE p.slug = $1", &[&slug])
                .await
                .expect("rows");
        }
    })
}

fn latest_of_each(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for post in ground.column::<i32>("SELECT id FROM posts ORDER BY created DESC").await {
            let sql = "SELECT id, body FROM comments WHERE post_id = $1 ORDER BY id DESC LIMIT 3";
            ground.pool.query(sql, &[&post]).await.expect("rows");
        }
    })
}

fn unnamed(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for owner in ground.column::<i32>("SELECT owner_id FROM posts ORDER BY id").await {
            ground.pool.query_opt("SELECT name FROM authors WHERE id = $1", &[&owner]).await.expect("rows");
        }
    })
}

fn two_values(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let lines =
            ground.pool.query("SELECT order_id, position FROM lines ORDER BY 1, 2", &[]).await.expect("rows");
        for line in lines {
            let (order, position): (i32, i32) = (line.get(0), line.get(1));
            let sql = "SELECT taken FROM stock WHERE order_id = $1 AND position = $2";
            ground.pool.query_opt(sql, &[&order, &position]).await.expect("rows");
        }
    })
}

fn exists(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for post in ground.column::<i32>("SELECT id FROM posts").await {
            let sql = "SELECT EXISTS (SELECT 1 FROM comments c WHERE c.post_id = $1)";
            ground.pool.query_one(sql, &[&post]).await.expect("a row");
        }
    })
}

fn literals(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for author in ground.column::<i32>("SELECT id FROM authors").await {
            let sql = format!("SELECT title FROM posts WHERE author_id = {author} AND status = 'open'");
            ground.pool.query(&sql, &[]).await.expect("rows");
        }
    })
}

async fn name_of(pool: &Pool, author: i32) -> String {
    let row = pool.query_one("SELECT name FROM authors WHERE id = $1", &[&author]).await;
    row.expect("a row").get(0)
}

fn through_a_function(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for post in ground.pool.query("SELECT title, author_id FROM posts", &[]).await.expect("rows") {
            name_of(&ground.pool, post.get("author_id")).await;
        }
    })
}

fn in_a_transaction(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let transaction = ground.pool.begin().await.expect("a transaction");
        for author in transaction.query("SELECT id FROM authors", &[]).await.expect("rows") {
            let author: i32 = author.get(0);
            let sql = "SELECT title FROM posts WHERE author_id = $1 FOR UPDATE";
            transaction.query(sql, &[&author]).await.expect("rows");
        }
        transaction.rollback().await.expect("an end");
    })
}

fn pipelined(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let pipelined = ground.pool.pipelined();
        for author in pipelined.query("SELECT id FROM authors", &[]).await.expect("rows") {
            let author: i32 = author.get(0);
            pipelined.query("SELECT title FROM posts WHERE author_id = $1", &[&author]).await.expect("rows");
        }
    })
}

fn in_parts(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let scope = Scope::current().expect("a request has one");
        for author in scope.child().run(ground.column::<i32>("SELECT id FROM authors")).await {
            let part =
                async { ground.pool.query("SELECT title FROM posts WHERE author_id = $1", &[&author]).await };
            scope.child().run(part).await.expect("rows");
        }
    })
}

fn arrays(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for tags in ground.column::<Vec<i32>>("SELECT tag_ids, title FROM posts").await {
            ground.pool.query("SELECT name FROM tags WHERE id = ANY($1)", &[&tags]).await.expect("rows");
        }
    })
}

fn beside_a_constant(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for author in ground.column::<i32>("SELECT id FROM authors").await {
            let sql = "SELECT title FROM posts WHERE status = $1 AND author_id = $2 ORDER BY created";
            ground.pool.query(sql, &[&"open", &author]).await.expect("rows");
        }
    })
}

fn cast(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for author in ground.column::<i32>("SELECT id FROM authors").await {
            let sql = "SELECT * FROM posts WHERE author_id = $1::int8";
            ground.pool.query(sql, &[&i64::from(author)]).await.expect("rows");
        }
    })
}

fn to_the_left(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for author in ground.column::<i32>("SELECT id FROM authors").await {
            ground
                .pool
                .query("SELECT title FROM posts WHERE $1 = posts.author_id", &[&author])
                .await
                .expect("rows");
        }
    })
}

fn nested(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for post in ground.column::<i32>("SELECT id FROM posts ORDER BY id").await {
            let sql = "SELECT author_id, body FROM comments WHERE post_id = $1";
            for comment in ground.pool.query(sql, &[&post]).await.expect("rows") {
                name_of(&ground.pool, comment.get("author_id")).await;
            }
        }
    })
}
