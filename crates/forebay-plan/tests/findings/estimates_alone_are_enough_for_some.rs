//! A plan that was not run has estimates, which some rules can do with; none of them is sure.

use forebay_plan::{Confidence, Saving, findings};

use crate::written::{found, plan};

#[test]
fn a_scan_that_costs_much_and_keeps_little() {
    let text = "Seq Scan on t  (cost=0.00..20084.00 rows=10 width=8)\n  Filter: (a = 7)\n";
    let all = findings(&plan(text));
    let [finding] = all.as_slice() else { panic!("{all:#?}") };
    assert_eq!((finding.kind.id(), finding.confidence), ("sequential-scan-discards-rows", Confidence::Low));
    assert!(matches!(finding.saving, Some(Saving::Cost(cost)) if cost > 20_000.0 && cost <= 20_084.0));
    assert!(found("Seq Scan on t  (cost=0.00..20084.00 rows=90000 width=8)\n  Filter: (a = 7)\n").is_empty());
    assert!(found("Seq Scan on t  (cost=0.00..84.00 rows=1 width=8)\n  Filter: (a = 7)\n").is_empty());
}

#[test]
fn an_offset_is_what_comes_before_the_first_row() {
    let limit = |first: f64| {
        format!(
            "Limit  (cost={first}..{} rows=10 width=8)
  ->  Index Scan using t_pkey on t  (cost=0.40..20000.40 rows=100000 width=8)
",
            first + 2.0
        )
    };
    assert_eq!(found(&limit(10_000.4)), ["large-offset@0"]);
    assert!(found(&limit(10.4)).is_empty());
}

#[test]
fn a_subplan_that_is_paid_for_each_row() {
    let scan = |cost: f64| {
        format!(
            "Seq Scan on a  (cost=0.00..{cost} rows=5000 width=8)
  SubPlan 1
    ->  Index Scan using b_a on b  (cost=0.40..8.40 rows=1 width=8)
          Index Cond: (a_id = a.id)
"
        )
    };
    assert_eq!(found(&scan(42_100.0)), ["correlated-subplan@1"]);
    assert!(found(&scan(110.0)).is_empty(), "hashed, it is paid once");
}
