//! Tables and statements for which no index is worth it get none.

use forebay_plan::advise::Options;

use crate::database::{advice, advice_with, definitions, shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_index_pays_there_is_none() {
    let (_database, client, _) = shop("advice_none").await;
    for script in [
        // Tiny.
        "SELECT * FROM tiny WHERE name = 'n7'",
        // Keeps nearly every row.
        "SELECT * FROM orders WHERE status = 'done'; SELECT count(*) FROM orders WHERE status = 'done'",
        "SELECT * FROM orders WHERE placed > '2020-01-20'",
        // Found already.
        "SELECT * FROM orders WHERE id = 7; SELECT * FROM orders WHERE id = 7 AND status = 'done'",
        "SELECT * FROM customers c JOIN orders o ON o.customer = c.id WHERE o.id BETWEEN 5 AND 9",
        // Everything is read.
        "SELECT sum(amount) FROM orders",
        // What is looked up now and then and set all the time.
        "SELECT * FROM orders WHERE hits = 40;\n-- weight: 10000\nUPDATE orders SET hits = hits + 1 WHERE id = 5",
    ] {
        let advice = advice(&client, script).await;
        assert!(advice.problems.is_empty(), "{:?}", advice.problems);
        assert!(advice.indexes.is_empty(), "{script}: {:?}", definitions(&advice));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_the_server_counted_weigh_as_well() {
    let (_database, client, there) = shop("advice_counted").await;
    let look = "SELECT * FROM orders WHERE hits = 40";
    client.batch_execute(look).await.expect("a table");
    if there {
        assert_eq!(definitions(&advice(&client, look).await).len(), 1, "before anybody sets it");
    }
    client
        .batch_execute("DO $$BEGIN FOR i IN 1..20000 LOOP UPDATE orders SET hits = hits + 1 WHERE id = 1 + i % 50; END LOOP; END$$")
        .await
        .expect("a table");
    client.batch_execute("VACUUM ANALYZE orders").await.expect("a superuser may");
    let hits = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'orders'";
    forebay_tests::eventually("the counters to arrive", async || {
        client.query_one(hits, &[]).await.is_ok_and(|row| row.get::<_, i64>(0) >= 19_000)
    })
    .await;
    let advice = advice(&client, look).await;
    assert!(advice.indexes.is_empty(), "{:?}", advice.indexes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn budgets_hold() {
    let (_database, client, there) = shop("advice_budget").await;
    let script = "SELECT * FROM orders WHERE customer = 17; SELECT * FROM orders WHERE note = 'note 5';
                  SELECT * FROM customers WHERE name = 'Name 34'";
    let all = advice(&client, script).await;
    if !there {
        return;
    }
    assert_eq!(all.indexes.len(), 3, "{:?}", definitions(&all));
    let mut options = Options::default();
    options.indexes_max = 1;
    assert_eq!(advice_with(&client, script, &options).await.indexes.len(), 1);
    let mut options = Options::default();
    options.bytes_max = Some(1_500_000);
    let within = advice_with(&client, script, &options).await;
    let bytes: u64 = within.indexes.iter().map(|index| index.bytes).sum();
    assert!(!within.indexes.is_empty() && bytes <= 1_500_000, "{bytes}: {:?}", definitions(&within));
}
