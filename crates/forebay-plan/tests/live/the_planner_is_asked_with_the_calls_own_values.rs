//! The plan of a call is the one for its values.

use crate::explained::{Explained, eager};
use forebay_plan::{ExplainConfig, Kind, Skipped};
use forebay_pool::ObservedValues;
use std::time::Duration;

/// One row of a thousand is rare.
const SKEWED: &str = "CREATE TABLE orders (id int PRIMARY KEY, state text, note text);
    INSERT INTO orders SELECT n, CASE n % 1000 WHEN 0 THEN 'geheim' ELSE 'done' END, repeat('x', 50)
        FROM generate_series(1, 50000) n;
    CREATE INDEX ON orders (state);
    ANALYZE orders";
const BY_STATE: &str = "SELECT note FROM orders WHERE state = $1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rare_value_has_another_plan_than_any_value() {
    let explained = Explained::new("explain_values", SKEWED, eager()).await;
    let pool = &explained.observed.pool;
    pool.query(BY_STATE, &[&"geheim"]).await.unwrap();
    let report = explained.plan(BY_STATE).await;
    let scans: Vec<&str> = report.plan.nodes().iter().map(|node| node.node_type()).collect();
    assert!(scans.iter().any(|scan| scan.contains("Index")), "{scans:?}");
    assert!(report.cost > 0.0 && !report.by_replica);
    let generic = report.generic.expect("there is a parameter");
    assert!(generic.cost > report.cost, "for any value many rows are expected: {generic:?}");
    let text = serde_json::to_string(&report).unwrap();
    assert!(text.contains("state = $?::text") && !text.contains("geheim"), "{text}");

    // Slower, and with nearly all rows: its own plan is another one, while the earlier value keeps its plan.
    for _ in 0..50 {
        pool.query(BY_STATE, &[&"done"]).await.unwrap();
    }
    let fingerprint = forebay_sql::fingerprint(BY_STATE);
    forebay_tests::eventually("the other plan", async || {
        explained.explainer.plan(fingerprint).is_some_and(|report| report.depends_on_values)
    })
    .await;
    let report = explained.explainer.plan(fingerprint).unwrap();
    assert_eq!((report.flips, report.shapes), (0, 2), "the planner did not change its mind");
    explained.explainer.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_values_with_a_dearer_plan_are_a_finding() {
    let script = "CREATE TABLE orders AS SELECT n AS id, n % 997 AS customer FROM generate_series(1, 50000) n; ANALYZE orders";
    let explained = Explained::new("explain_flip", script, eager()).await;
    let sql = "SELECT id FROM orders WHERE customer = $1";
    explained.observed.pool.query(sql, &[&7_i32]).await.unwrap();
    assert_eq!(explained.plan(sql).await.plan.root().node_type(), "Seq Scan");
    explained.observed.database.execute("CREATE INDEX by_customer ON orders (customer)").await;
    let fingerprint = forebay_sql::fingerprint(sql);
    forebay_tests::eventually("the plan to change", async || {
        explained.explainer.plan(fingerprint).is_some_and(|report| report.flips == 1)
    })
    .await;
    let report = explained.explainer.plan(fingerprint).unwrap();
    let flip = report.last_flip.expect("it is told");
    assert!(
        flip.what.contains("where it was Seq Scan on orders") && flip.cost_now < flip.cost_before,
        "{flip:?}"
    );
    assert!(report.findings.is_empty(), "a cheaper plan is nothing wrong: {:?}", report.findings);
    assert!(!report.depends_on_values);

    explained.observed.database.execute("DROP INDEX by_customer").await;
    forebay_tests::eventually("the plan to change back", async || {
        explained.explainer.plan(fingerprint).is_some_and(|report| report.flips == 2)
    })
    .await;
    let report = explained.explainer.plan(fingerprint).unwrap();
    let flip = report.findings.iter().find(|finding| finding.kind == Kind::PlanFlip).expect("it is told");
    assert!(flip.what.contains("Seq Scan on orders where it was"), "{}", flip.what);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_planned_and_not_run() {
    let script = "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT n, 0 FROM generate_series(1, 100) n";
    let explained = Explained::new("explain_writes", script, eager()).await;
    let pool = &explained.observed.pool;
    let (update, insert, lock) = (
        "UPDATE t SET n = n + $1 WHERE id = $2",
        "INSERT INTO t (id, n) VALUES ($1, 1)",
        "SELECT n FROM t WHERE id = $1 FOR UPDATE",
    );
    pool.write().await.unwrap().execute(update, &[&1_i32, &1_i32]).await.unwrap();
    pool.write().await.unwrap().execute(insert, &[&101_i32]).await.unwrap();
    pool.write().await.unwrap().query(lock, &[&1_i32]).await.unwrap();
    for (sql, operation) in [(update, Some("Update")), (insert, Some("Insert")), (lock, None)] {
        assert_eq!(explained.plan(sql).await.plan.root().operation(), operation, "{sql}");
    }
    let row = explained.observed.database.client().await;
    let row = row.query_one("SELECT sum(n), count(*) FROM t", &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2, 101));
    let error = explained.explainer.analyze(forebay_sql::fingerprint(update)).await.unwrap_err();
    assert_eq!(error.to_string(), "not asked: it does more than read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_is_run_only_when_somebody_asks() {
    let config = ExplainConfig { burst: Duration::from_millis(1), share_max: 0.0, ..eager() };
    let explained = Explained::new("explain_analyze", SKEWED, config).await;
    explained.observed.pool.query(BY_STATE, &[&"geheim"]).await.unwrap();
    let plan = explained.explainer.analyze(forebay_sql::fingerprint(BY_STATE)).await.unwrap();
    assert!(plan.is_analyzed() && plan.execution_ms().is_some());
    assert_eq!(plan.root().actual().map(|actual| actual.rows), Some(50.0));
    assert!(!plan.to_string().contains("geheim"), "{plan}");
    let none = explained.explainer.analyze(forebay_sql::fingerprint("SELECT 1")).await.unwrap_err();
    assert_eq!(none.to_string(), "no call of this statement is kept with its values");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_asked_if_there_is_one() {
    let observed =
        crate::observed::Observed::new("explain_replica", Default::default(), ObservedValues::Shown).await;
    let database = &observed.database;
    let target = |url: &str| url.parse::<forebay_pool::Target>().unwrap();
    let replica = target(&database.replica_urls()[0]);
    let explainer = forebay_plan::Explainer::builder(&observed.capture, target(&database.primary_url()))
        .replica(replica)
        .config(eager())
        .start()
        .unwrap();
    observed.pool.query("SELECT $1::int", &[&1_i32]).await.unwrap();
    let of = |sql| explainer.plan(forebay_sql::fingerprint(sql));
    forebay_tests::eventually("the plan", async || of("SELECT $1::int").is_some()).await;
    assert!(of("SELECT $1::int").unwrap().by_replica);
    observed.database.execute("CREATE TABLE t (n int)").await;
    observed.pool.write().await.unwrap().execute("INSERT INTO t VALUES ($1)", &[&1_i32]).await.unwrap();
    forebay_tests::eventually("the plan", async || of("INSERT INTO t VALUES ($1)").is_some()).await;
    assert!(!of("INSERT INTO t VALUES ($1)").unwrap().by_replica, "a standby plans no writes");
    let shown: Option<Skipped> = explainer.skipped(forebay_sql::fingerprint("SELECT $1::int"));
    assert_eq!(shown, None);
}
