//! Statements of every kind PostgreSQL's grammar has: those that only read are reads, and no other is.

use forebay_sql::{classify, normalize, relations};

mod grammar;

use grammar::{Expected, SCHEMA, cases};

#[test]
fn only_what_reads_is_a_read() {
    let mut wrong = String::new();
    for case in cases() {
        let class = classify(case.sql);
        if class.is_read() != (case.expected == Expected::Read) {
            wrong.push_str(&format!("{:?}: {}\n    {:?}\n", case.expected, case.sql, class.reasons()));
        }
    }
    assert!(wrong.is_empty(), "expected otherwise:\n{wrong}");
}

#[test]
fn every_statement_is_there_once() {
    let mut seen = std::collections::HashSet::new();
    let twice: Vec<_> = cases().map(|case| case.sql).filter(|sql| !seen.insert(*sql)).collect();
    assert!(seen.len() > 600, "{} statements", seen.len());
    assert!(twice.is_empty(), "twice: {twice:?}");
    assert!(!SCHEMA.is_empty() && cases().all(|case| case.from >= 14));
}

#[test]
fn a_read_writes_no_relation_and_its_spelling_is_a_read_of_the_same() {
    for case in cases().filter(|case| case.expected == Expected::Read) {
        let found = relations(case.sql).unwrap_or_else(|not_known| panic!("{not_known}: {}", case.sql));
        assert!(found.writes().is_empty(), "{}", case.sql);
        // `$?` for a value: `U&'…' UESCAPE` and typed literals stay where they were.
        assert!(!normalize(case.sql).is_empty());
    }
}
