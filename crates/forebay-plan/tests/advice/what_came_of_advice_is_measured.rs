//! What was predicted of an index is compared with what is, once the index is there.

use forebay_plan::advise::{Advice, Ledger, Options, Outcome, State, Workload, advise};
use tokio_postgres::Client;

use crate::database::{advice, counting_shop, make, shop};

const LOOK: &str = "SELECT * FROM orders WHERE customer = 17";

async fn look_up(client: &Client, times: usize) {
    for _ in 0..times {
        client.query(LOOK, &[]).await.expect("a table");
    }
}

/// Advice for what the server counted, and what came of that in the ledger.
async fn look(client: &Client, ledger: &mut Ledger) -> (Advice, Vec<Outcome>) {
    let options = Options::default();
    let workload = Workload::from_pg_stat_statements(client, &options).await.expect("it is loaded");
    let mut advice = advise(client, &workload, &options).await.expect("the server is there");
    let outcomes = ledger.look(client, &mut advice, &options).await.expect("the server is there");
    (advice, outcomes)
}

async fn scanned(client: &Client, index: &str) {
    forebay_tests::eventually("the scans to be counted", async || {
        let scans = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1";
        client.query_one(scans, &[&index]).await.is_ok_and(|row| row.get::<_, i64>(0) >= 30)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_cost_time_blocks_size_and_scans() {
    let (_server, client, _) = counting_shop().await;
    look_up(&client, 30).await;
    let mut ledger = Ledger::default();
    let (first, outcomes) = look(&client, &mut ledger).await;
    assert!(outcomes.is_empty(), "{outcomes:?}");
    let advised =
        first.indexes.iter().find(|index| index.table == "orders").expect("an index for the look-up");
    assert_eq!(advised.gains[0].weight, 30.0, "{:?}", advised.gains);
    let record = ledger.records.iter().find(|record| record.id == advised.id).expect("it is taken down");
    assert_eq!(record.statements[0].counted.map(|counted| counted.calls), Some(30), "{record:?}");
    let kept = ledger.records.len();

    // Not made yet: known, and not taken down twice.
    let (_, outcomes) = look(&client, &mut ledger).await;
    assert_eq!((ledger.records.len(), outcomes[0].state), (kept, State::NotMade), "{outcomes:?}");

    // Under another name.
    let ddl = format!("CREATE INDEX quite_another ON orders {}", advised.definition.sql());
    client.batch_execute(&ddl).await.expect("a table");
    look_up(&client, 30).await;
    scanned(&client, "quite_another").await;
    let (_, outcomes) = look(&client, &mut ledger).await;
    let found = outcomes.iter().find(|outcome| outcome.id == advised.id).expect("of each record");
    assert_eq!((found.state, found.index.as_str()), (State::Made, "quite_another"));
    assert!(found.wrong.is_empty() && found.unused.is_none(), "{found:?}");
    assert!(found.scans >= Some(30), "{found:?}");
    assert!(found.bytes_ratio.is_some_and(|ratio| (0.75..1.33).contains(&ratio)), "{found:?}");
    let measured = &found.statements[0];
    assert!(measured.gain_ratio.is_some_and(|ratio| (0.9..1.1).contains(&ratio)), "{measured:?}");
    let (before, after) = (measured.before.expect("counted"), measured.after.expect("counted"));
    assert_eq!((before.calls, after.calls, measured.is_mixed), (30, 30, true), "{measured:?}");
    assert!(after.blocks * 10.0 < before.blocks && after.mean_ms < before.mean_ms, "{measured:?}");

    // Counters that begin anew are not mixed with the old ones.
    client.batch_execute("SELECT pg_stat_statements_reset()").await.expect("a superuser may");
    look_up(&client, 5).await;
    let (_, outcomes) = look(&client, &mut ledger).await;
    let found = outcomes.iter().find(|outcome| outcome.id == advised.id).expect("of each record");
    assert_eq!(found.statements[0].after.map(|after| after.calls), Some(5), "{found:?}");
    assert!(!found.statements[0].is_mixed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_counters_by_cost_size_and_scans() {
    let (_database, client, _) = shop("advice_ledger_plain").await;
    let mut ledger = Ledger::default();
    let options = Options::default();
    let mut first = advice(&client, LOOK).await;
    ledger.look(&client, &mut first, &options).await.expect("the server is there");
    assert!(first.unseen.iter().any(|unseen| unseen.contains("pg_stat_statements")), "{:?}", first.unseen);
    make(&client, &first.indexes[0]).await;
    // Of a workload without the statement: what is known all the same.
    let mut second = advice(&client, "SELECT * FROM tiny").await;
    let found = ledger.look(&client, &mut second, &options).await.expect("the server is there").remove(0);
    assert_eq!((found.state, found.statements[0].cost_now), (State::Made, None));
    assert!(found.bytes.is_some() && found.wrong.is_empty(), "{found:?}");
    client.batch_execute(&format!("DROP INDEX {}", found.index)).await.expect("it is there");
    let gone = ledger.look(&client, &mut second, &options).await.expect("the server is there").remove(0);
    assert_eq!(gone.state, State::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_partitioned_tables_by_all_partitions_together() {
    let (_database, client, _) = shop("advice_partitions").await;
    let schema = "CREATE TABLE events (kind int NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);
        CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE TABLE events_2021 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
        INSERT INTO events SELECT i % 9000, date '2020-01-01' + i % 700, repeat('x', 60) FROM generate_series(1, 60000) i";
    client.batch_execute(schema).await.expect("the schema is right");
    client.batch_execute("VACUUM ANALYZE events").await.expect("a superuser may");
    let script = "SELECT note FROM events WHERE kind = 77";
    let options = Options::default();
    let mut ledger = Ledger::default();
    let mut first = advice(&client, script).await;
    assert_eq!(first.indexes.len(), 1, "{first:?}");
    assert_eq!(first.indexes[0].table, "events");
    ledger.look(&client, &mut first, &options).await.expect("the server is there");
    make(&client, &first.indexes[0]).await;
    client
        .batch_execute(
            "DO $$BEGIN FOR i IN 1..1100 LOOP PERFORM note FROM events WHERE kind = i; END LOOP; END$$",
        )
        .await
        .expect("a table");
    scanned(&client, "events_2020_kind_idx").await;
    let mut second = advice(&client, script).await;
    assert!(second.indexes.is_empty(), "{:?}", second.indexes);
    // The index of the whole is never scanned itself, and has no size of its own.
    assert!(second.troubles.is_empty(), "{:?}", second.troubles);
    let found = ledger.look(&client, &mut second, &options).await.expect("the server is there").remove(0);
    assert_eq!(found.state, State::Made, "{found:?}");
    assert!(found.bytes_ratio.is_some_and(|ratio| (0.7..1.4).contains(&ratio)), "{found:?}");
    assert!(found.scans >= Some(1100), "{found:?}");
}
