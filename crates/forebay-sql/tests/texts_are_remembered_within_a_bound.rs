//! The classifier answers from memory and never outgrows it.

use std::sync::Arc;

use forebay_sql::{Classifier, Kind, Statement};

#[test]
fn a_text_seen_before_is_answered_from_memory() {
    let classifier = Classifier::default();
    let first = classifier.statement("SELECT 1");
    let again = classifier.statement(&String::from("SELECT 1"));
    assert!(Arc::ptr_eq(&first, &again));
    assert_eq!(*first, Statement::of("SELECT 1"));
    assert_eq!(classifier.statement("DELETE FROM t").kind(), Kind::Write);
    assert_eq!(classifier.len(), 2);
}

#[test]
fn many_texts_stay_within_the_bound() {
    let classifier = Classifier::new(64 << 10);
    for number in 0..10_000 {
        assert_eq!(classifier.statement(&format!("SELECT {number}")).kind(), Kind::Read);
    }
    assert!(!classifier.is_empty());
    assert!(classifier.len() < 400, "{} texts in 64 KiB", classifier.len());
}

#[test]
fn a_text_too_long_to_keep_is_still_answered() {
    let classifier = Classifier::new(64 << 10);
    let long = format!("SELECT '{}'; DELETE FROM t", "x".repeat(100_000));
    assert_eq!(classifier.statement(&long).kind(), Kind::Write);
    assert!(classifier.is_empty());
}

#[test]
fn threads_share_it() {
    let classifier = Classifier::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..1_000 {
                    let sql = format!("SELECT {} FOR UPDATE", number % 50);
                    assert_eq!(classifier.statement(&sql).kind(), Kind::Write);
                }
            });
        }
    });
    assert_eq!(classifier.len(), 50);
}
