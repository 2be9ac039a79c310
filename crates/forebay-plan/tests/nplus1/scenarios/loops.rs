//! The same question again, steps of a walk, and rows written one by one.

use super::{Ground, Scenario, Story};
use forebay_plan::Pattern;
use forebay_pool::Pool;

const REPEAT: &[Pattern] = &[Pattern::RepeatedQuery];
const WRITES: &[Pattern] = &[Pattern::WriteLoop];

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "the same setting again and again", planted: REPEAT, run: same_setting },
        Scenario {
            name: "the same setting between other things",
            planted: REPEAT,
            run: between_other_things,
        },
        Scenario { name: "two users, one of them twice", planted: REPEAT, run: one_of_two_twice },
        Scenario { name: "up a tree", planted: &[Pattern::Chain], run: up_a_tree },
        Scenario { name: "inserts one by one", planted: WRITES, run: inserts },
        Scenario { name: "inserts that update", planted: WRITES, run: upserts },
        Scenario { name: "updates one by one", planted: WRITES, run: updates },
        Scenario { name: "deletes one by one", planted: WRITES, run: deletes },
        Scenario {
            name: "an insert and an update for each",
            planted: &[Pattern::WriteLoop, Pattern::WriteLoop],
            run: two_writes_for_each,
        },
    ]
}

async fn setting(pool: &Pool, key: &str) {
    pool.query_opt("SELECT value FROM settings WHERE key = $1", &[&key]).await.expect("rows");
}

fn same_setting(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for _ in 0..5 {
            setting(&ground.pool, "theme").await;
        }
    })
}

fn between_other_things(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        setting(&ground.pool, "theme").await;
        ground.pool.query("SELECT id FROM posts WHERE created > 20", &[]).await.expect("rows");
        setting(&ground.pool, "theme").await;
        ground.pool.query("SELECT id FROM authors WHERE country = 'DE'", &[]).await.expect("rows");
        setting(&ground.pool, "theme").await;
    })
}

fn one_of_two_twice(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for key in ["theme", "language", "theme"] {
            setting(&ground.pool, key).await;
        }
    })
}

fn up_a_tree(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let mut at = Some(37_i32);
        while let Some(node) = at {
            let row = ground.pool.query_one("SELECT parent_id FROM nodes WHERE id = $1", &[&node]).await;
            at = row.expect("a row").get(0);
        }
    })
}

fn inserts(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        for amount in 0..6_i32 {
            let sql = "INSERT INTO events (what, amount) VALUES ($1, $2)";
            ground.pool.execute(sql, &[&"bought", &amount]).await.expect("a row");
        }
    })
}

fn upserts(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let writer = ground.pool.write().await.expect("a session");
        for (key, value) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")] {
            let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            writer.execute(sql, &[&key, &value]).await.expect("a row");
        }
    })
}

fn updates(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let transaction = ground.pool.begin().await.expect("a transaction");
        for (id, created) in [(1_i32, 11_i32), (2, 21), (3, 31), (4, 41)] {
            let sql = "UPDATE posts SET created = $1 WHERE id = $2";
            transaction.execute(sql, &[&created, &id]).await.expect("a row");
        }
        transaction.rollback().await.expect("an end");
    })
}

fn deletes(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let transaction = ground.pool.begin().await.expect("a transaction");
        for post in [3_i32, 5, 7, 9] {
            transaction.execute("DELETE FROM comments WHERE post_id = $1", &[&post]).await.expect("rows");
        }
        transaction.rollback().await.expect("an end");
    })
}

fn two_writes_for_each(ground: &Ground) -> Story<'_> {
    Box::pin(async {
        let transaction = ground.pool.begin().await.expect("a transaction");
        for product in 1..=4_i32 {
            let insert = "INSERT INTO lines (order_id, position, product) VALUES (99, $1, $1 + 100)";
            transaction.execute(insert, &[&product]).await.expect("a row");
            let update = "UPDATE stock SET taken = taken + 1 WHERE position = $1";
            transaction.execute(update, &[&product]).await.expect("rows");
        }
        transaction.rollback().await.expect("an end");
    })
}
