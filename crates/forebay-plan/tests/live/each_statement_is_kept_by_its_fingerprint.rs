//! What is counted of a statement.

use crate::observed::Observed;
use forebay_plan::{By, CaptureConfig};
use forebay_pool::ObservedValues;
use forebay_scope::Scope;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_rows_ends_and_places() {
    let Observed { pool, capture, database: _database } =
        Observed::new("capture_counts", CaptureConfig::default(), ObservedValues::Hidden).await;
    let sql = "SELECT * FROM generate_series(1, $1)";
    for rows in 1..=10_i32 {
        pool.query(sql, &[&rows]).await.unwrap();
    }
    let line = line!() + 1;
    pool.query("select * from GENERATE_SERIES(1,   $1) -- the same", &[&5_i32]).await.unwrap();
    pool.query("SELECT 1 / $1::int", &[&0_i32]).await.unwrap_err();
    let scope = Scope::with_deadline(tokio::time::Instant::now() + Duration::from_millis(50));
    scope.run(pool.query("SELECT pg_sleep($1)", &[&600_f64])).await.unwrap_err();
    let reader = pool.read().await.unwrap();
    let mut dropped = Box::pin(reader.query("SELECT pg_sleep($1)", &[&600_f64]));
    assert!(futures_poll(&mut dropped).await.is_none());
    drop(dropped);

    let of = |sql| capture.statement(forebay_sql::fingerprint(sql)).expect("it was run");
    let series = of(sql);
    assert_eq!((series.calls, series.failed, series.rows), (11, 0, 60));
    assert_eq!(series.statement, "select * from generate_series($?, $?)");
    assert_eq!(series.places.len(), 2);
    assert_eq!((series.places[0].calls, series.places[1].calls), (10, 1));
    assert!(series.places[1].place.contains(&format!("fingerprint.rs:{line}:")), "{:?}", series.places);
    assert_eq!(series.rows_per_call.iter().map(|(_, calls)| calls).sum::<u64>(), 11);
    assert!(series.p50_ms > 0.0 && series.p50_ms <= series.p99_ms && series.p99_ms <= series.max_ms);
    assert!(series.total_ms >= series.max_ms && series.mean_ms <= series.max_ms);
    assert!(!series.literals_vary);
    assert_eq!(of("SELECT 1 / $1::int").failed, 1);
    let sleeps = of("SELECT pg_sleep($1)");
    assert_eq!((sleeps.calls, sleeps.timed_out, sleeps.cancelled), (2, 1, 1));
    let longest = capture.statements().into_iter().max_by(|a, b| a.total_ms.total_cmp(&b.total_ms));
    assert_eq!(
        Some(capture.top(By::TotalTime, 1)[0].fingerprint),
        longest.map(|longest| longest.fingerprint)
    );
    assert!(sleeps.max_ms >= 50.0, "it ran until its deadline");
    assert_eq!(capture.top(By::Rows, 1)[0].fingerprint, series.fingerprint);
    assert!(capture.busy() >= Duration::from_millis(50));
    assert!(serde_json::to_string(&capture.statements()).unwrap().contains(&series.fingerprint.to_string()));
}

/// Polls once.
async fn futures_poll<F: Future>(future: &mut std::pin::Pin<Box<F>>) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match future.as_mut().poll(cx) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
