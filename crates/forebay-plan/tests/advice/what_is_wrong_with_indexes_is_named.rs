//! Indexes that are invalid, redundant or unused, and foreign keys that have none.

use forebay_plan::advise::{Advice, Options, index_scans};
use tokio_postgres::Client;

use crate::database::{advice, advice_with, client, shop};

const SCRIPT: &str = "SELECT * FROM orders WHERE id = 7";

/// An index that begins another one, two that are of no use here, one whose build fails, and a reference without one.
async fn spoil(client: &Client) {
    let indexes = "CREATE INDEX orders_placed ON orders (placed);
        CREATE INDEX orders_placed_amount ON orders (placed, amount);
        CREATE INDEX orders_hits ON orders (hits);
        ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers";
    client.batch_execute(indexes).await.expect("the schema is right");
    let failing = "CREATE UNIQUE INDEX CONCURRENTLY orders_broken ON orders (status)";
    assert!(client.batch_execute(failing).await.is_err(), "most are the same");
    let scans = "DO $$BEGIN FOR i IN 1..1100 LOOP PERFORM note FROM orders WHERE id = i; END LOOP; END$$";
    client.batch_execute(scans).await.expect("a table");
    let counted = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_pkey'";
    forebay_tests::eventually("the scans to be counted", async || {
        client.query_one(counted, &[]).await.is_ok_and(|row| row.get::<_, i64>(0) >= 1100)
    })
    .await;
}

fn named(advice: &Advice) -> Vec<(&str, &str)> {
    let mut named: Vec<_> =
        advice.troubles.iter().map(|trouble| (trouble.kind, trouble.name.as_str())).collect();
    named.sort_unstable();
    named
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_once_and_what_mends_them_does() {
    let (_database, client, _) = shop("advice_troubles").await;
    assert!(advice(&client, SCRIPT).await.troubles.is_empty());
    spoil(&client).await;
    let spoilt = advice(&client, SCRIPT).await;
    assert_eq!(
        named(&spoilt),
        [
            ("foreign-key-without-index", "orders_customer"),
            ("invalid-index", "orders_broken"),
            ("redundant-index", "orders_placed"),
            ("unused-index", "orders_hits"),
            ("unused-index", "orders_placed_amount"),
        ]
    );
    for trouble in &spoilt.troubles {
        for statement in &trouble.ddl {
            client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
    }
    // The new one was of no use so far, and is the one that the reference needs.
    let mended = advice(&client, SCRIPT).await;
    assert!(mended.troubles.iter().all(|trouble| trouble.kind == "unused-index"), "{:?}", mended.troubles);
    assert!(
        mended.troubles.iter().all(|trouble| trouble.name == "orders_customer_idx"),
        "{:?}",
        mended.troubles
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_replica_scans_is_not_unused() {
    let (database, client_here, _) = shop("advice_elsewhere").await;
    spoil(&client_here).await;
    database.caught_up().await;
    let replica = client(&database.replica_urls()[0]).await;
    replica
        .batch_execute("SET enable_seqscan = off; SELECT count(*) FROM orders WHERE hits = 40")
        .await
        .expect("a table");
    let mut options = Options::default();
    forebay_tests::eventually("the replica to count its scan", async || {
        let scans = index_scans(&replica, &options).await.expect("statistics are for all to see");
        scans.get("public.orders_hits").is_some_and(|&scans| scans == 1)
    })
    .await;
    options.scans_elsewhere =
        Some(index_scans(&replica, &options).await.expect("statistics are for all to see"));
    let found = advice_with(&client_here, SCRIPT, &options).await;
    let unused: Vec<_> = found.troubles.iter().filter(|trouble| trouble.kind == "unused-index").collect();
    assert_eq!(unused.len(), 1, "{unused:?}");
    assert_eq!(unused[0].name, "orders_placed_amount");
    assert!(unused[0].what.contains("nor on the replicas that were asked"), "{unused:?}");
}
