//! A statement whose values stand in its text.

use crate::observed::Observed;
use forebay_plan::CaptureConfig;
use forebay_pool::ObservedValues;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_where_there_are_no_parameters() {
    let config = CaptureConfig { literals_min: 5, ..CaptureConfig::default() };
    let Observed { pool, capture, database: _database } =
        Observed::new("capture_literals", config, ObservedValues::Hidden).await;
    for id in 0..8_i32 {
        pool.query(&format!("SELECT 'row {id}'"), &[]).await.unwrap();
        pool.query(&format!("SELECT $1::int, {id}"), &[&id]).await.unwrap();
        pool.query(&format!("SELECT current_user /* trace {id} */"), &[]).await.unwrap();
    }
    let vary = |sql| {
        let report = capture.statement(forebay_sql::fingerprint(sql)).unwrap();
        assert_eq!(report.calls, 8, "{sql}");
        report.literals_vary
    };
    assert!(vary("SELECT ''"));
    assert!(!vary("SELECT $1::int, 0"));
    assert!(!vary("SELECT current_user"));
}
