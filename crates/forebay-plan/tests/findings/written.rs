//! Plans written by hand.

use forebay_plan::{Finding, Plan, findings, read};

pub(crate) fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|error| panic!("{error}\n{text}")).remove(0)
}

/// The findings of a plan as `kind@node`, the weightiest first.
pub(crate) fn found(text: &str) -> Vec<String> {
    findings(&plan(text)).iter().map(at).collect()
}

pub(crate) fn at(finding: &Finding) -> String {
    format!("{}@{}", finding.kind, finding.node)
}

/// A finding and a plan just short of it, which has none.
pub(crate) fn check(fault: &str, expected: &str, near_miss: &str) {
    assert_eq!(found(fault), [expected], "{fault}");
    assert!(found(near_miss).is_empty(), "{:#?}\n{near_miss}", findings(&plan(near_miss)));
}
