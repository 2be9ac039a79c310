//! A plan that was not run is judged with the statistics of its tables, and with what the call gave.

use crate::explained::{Explained, eager};
use forebay_plan::{Finding, Kind};

/// The table has 100,000 rows in so few pages that its cost alone does not tell how many they are.
const NARROW: &str = "CREATE TABLE orders (id int, customer int);
    INSERT INTO orders SELECT n, n % 33334 FROM generate_series(1, 100000) n;
    ANALYZE orders";

fn evidence(finding: &Finding, name: &str) -> Option<f64> {
    finding.evidence.iter().find(|evidence| evidence.name == name).map(|evidence| evidence.value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_rows_of_a_large_table_are_a_finding() {
    let explained = Explained::new("explain_statistics", NARROW, eager()).await;
    let sql = "SELECT id FROM orders WHERE customer = $1";
    assert_eq!(explained.observed.pool.query(sql, &[&7_i32]).await.unwrap().len(), 3);
    let report = explained.plan(sql).await;
    assert!(!report.plan.is_analyzed() && report.cost < 2_000.0, "{}", report.cost);
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.kind, Kind::SequentialScanDiscardsRows);
    assert_eq!(evidence(finding, "rows of the table"), Some(100_000.0));
    assert_eq!(evidence(finding, "rows of the call"), Some(3.0));
    assert!(evidence(finding, "the call took").is_some_and(|took| took >= 1.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_expected_and_did_not_come_make_no_difference() {
    let explained = Explained::new("explain_call", NARROW, eager()).await;
    // Of an expression nothing is known: a third of the rows is expected.
    let sql = "SELECT id FROM orders WHERE customer * 2 > $1 ORDER BY id";
    let few = explained.observed.pool.query(sql, &[&66_663_i32]).await.unwrap().len();
    assert!((1..10).contains(&few), "{few}");
    let report = explained.plan(sql).await;
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.kind, Kind::SequentialScanDiscardsRows);
    assert!(evidence(finding, "rows expected").is_some_and(|rows| rows > 30_000.0));
    // The same expected, and they did come.
    let many = "SELECT customer FROM orders WHERE customer * 2 > $1";
    assert!(explained.observed.pool.query(many, &[&10_i32]).await.unwrap().len() > 90_000);
    assert!(explained.plan(many).await.findings.is_empty());
}
