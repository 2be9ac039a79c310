//! Tables have an end.

use crate::observed::Observed;
use forebay_plan::{Capture, CaptureConfig};
use forebay_pool::ObservedValues;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_texts_and_places() {
    let config =
        CaptureConfig { statements_max: 3, text_bytes_max: 100, places_max: 1, ..Default::default() };
    let Observed { pool, capture, database: _database } =
        Observed::new("capture_bounds", config, ObservedValues::Hidden).await;
    for n in 0..5 {
        pool.query(&format!("SELECT 1 AS a{n}"), &[]).await.unwrap();
    }
    pool.query("SELECT 1 AS a0", &[]).await.unwrap();
    pool.query(&format!("SELECT '{}'", "x".repeat(100)), &[]).await.unwrap();
    assert_eq!(capture.statements().len(), 3);
    let first = capture.statement(forebay_sql::fingerprint("SELECT 1 AS a0")).unwrap();
    assert_eq!((first.places.len(), first.other_places), (1, 1));
    let dropped = capture.dropped();
    assert_eq!((dropped.full, dropped.long, dropped.retired), (2, 1, 0));
    capture.clear();
    pool.query("SELECT 1 AS a4", &[]).await.unwrap();
    assert_eq!(capture.statements().len(), 1, "after clearing there is room, also for what had none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_runs_makes_room() {
    let idle_max = Duration::from_millis(1);
    let config = CaptureConfig { statements_max: 1, idle_max, ..Default::default() };
    let Observed { pool, capture, database: _database } =
        Observed::new("capture_room", config, ObservedValues::Hidden).await;
    pool.query("SELECT 1 AS old", &[]).await.unwrap();
    let new = forebay_sql::fingerprint("SELECT 1 AS new");
    forebay_tests::eventually("the old one to make room", async || {
        pool.query("SELECT 1 AS new", &[]).await.unwrap();
        capture.statement(new).is_some()
    })
    .await;
    assert_eq!((capture.statements().len(), capture.dropped().retired), (1, 1));
}

#[test]
fn a_setting_that_cannot_be_is_named() {
    let wrong = CaptureConfig { places_max: 0, ..Default::default() };
    assert_eq!(Capture::new(wrong).unwrap_err().to_string(), "places_max must be at least 1");
    let wrong = CaptureConfig { samples_fade: Duration::ZERO, ..Default::default() };
    assert_eq!(Capture::new(wrong).unwrap_err().key, "samples_fade");
}
