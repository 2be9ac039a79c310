//! The path's statements, and their plans.

use axum::{Router, routing::get};
use forebay::{
    DataPath,
    config::Environment,
    plan::{Kind, Pattern},
};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_a_request_that_asks_too_often_is_found() {
    let database = shared().await.database("facade_n_plus_one").await;
    database
        .execute("CREATE TABLE posts AS SELECT n AS id, n % 4 AS author_id FROM generate_series(1, 8) n")
        .await;
    let variables = [
        ("DATABASE_URL", database.primary_url()),
        ("FOREBAY_PLAN__N_PLUS_ONE__ONE_REQUEST_IN", "1".to_owned()),
    ];
    let data = DataPath::builder().environment(Environment::from_iter(variables)).build().await.unwrap();
    let pool = data.pool().unwrap();
    let handler = async move || {
        let posts = pool.query("SELECT id FROM posts ORDER BY id", &[]).await.unwrap();
        for post in &posts {
            let id: i32 = post.get(0);
            pool.query("SELECT author_id FROM posts WHERE id = $1", &[&id]).await.unwrap();
        }
        posts.len().to_string()
    };
    let app = Router::new().route("/", get(handler)).layer(data.response_layer());
    let request = axum::http::Request::get("/").body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(app, request).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    assert_eq!(body, "8");
    let plans = data.plans().unwrap();
    let detector = plans.n_plus_one().unwrap();
    eventually("the end of the request", async || detector.status().requests == 1).await;
    let [found] = &detector.findings()[..] else { panic!("one: {detector:?}") };
    assert_eq!((found.pattern, found.calls), (Pattern::NPlusOne, 8));
    assert_eq!(detector.status().unattributed, 0, "the response layer opens a scope");
    data.shutdown().await;
}
