//! The path's statements, and their plans.

use forebay::{DataPath, config::Environment, plan::Kind};
use forebay_tests::{eventually, shared};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_usual_variables_to_a_finding() {
    let database = shared().await.database("facade_plans").await;
    database
        .execute("CREATE TABLE orders AS SELECT n AS id, n % 997 AS customer FROM generate_series(1, 400000) n; ANALYZE orders")
        .await;
    let variables = [
        ("DATABASE_URL", database.primary_url()),
        ("FOREBAY_POSTGRES_OBSERVED_VALUES", "shown".to_owned()),
        ("FOREBAY_PLAN__EXPLAIN__ENABLED", "true".to_owned()),
        ("FOREBAY_PLAN__EXPLAIN__INTERVAL", "20ms".to_owned()),
        ("FOREBAY_PLAN__EXPLAIN__TOOK_MIN", "0s".to_owned()),
        ("FOREBAY_PLAN__CAPTURE__LITERALS_MIN", "3".to_owned()),
    ];
    let data = DataPath::builder().environment(Environment::from_iter(variables)).build().await.unwrap();
    let pool = data.pool().unwrap();
    let sql = "SELECT id FROM orders WHERE customer = $1";
    pool.query(sql, &[&7_i64]).await.unwrap_err();
    pool.query(sql, &[&7_i32]).await.unwrap();
    for id in 0..3 {
        pool.query(&format!("SELECT {id} AS id"), &[]).await.unwrap();
    }
    let plans = data.plans().unwrap();
    let of = |sql| {
        let fingerprint = forebay::sql::fingerprint(sql);
        plans.statements().into_iter().find(|watched| watched.statement.fingerprint == fingerprint)
    };
    eventually("the plan", async || of(sql).is_some_and(|watched| watched.plan.is_some())).await;
    let watched = of(sql).unwrap();
    assert_eq!(watched.findings[0].kind, Kind::SequentialScanDiscardsRows, "{:?}", watched.findings);
    assert_eq!(of("SELECT 1 AS id").unwrap().findings[0].kind, Kind::LiteralsVary);
    assert!(data.snapshot().counter("forebay_plan_explains_total", &[("result", "planned")]).is_some());
    data.shutdown().await;
    assert!(of(sql).is_some(), "what is known stays readable");
}
