//! What follows from something else is told there.

use forebay_plan::{Confidence, Kind, Saving, Severity, findings};

use crate::written::{found, plan};

/// Two columns that go together; the loop and the hash aggregate's spill follow from the estimate.
const MISESTIMATE: &str = "\
HashAggregate  (cost=900.00..950.00 rows=20 width=4) (actual time=380.000..400.000 rows=30000 loops=1)
  Group Key: b.x
  Batches: 21  Memory Usage: 4145kB  Disk Usage: 9048kB
  ->  Nested Loop  (cost=1.00..900.00 rows=20 width=4) (actual time=0.100..300.000 rows=40000 loops=1)
        ->  Hash Join  (cost=1.00..500.00 rows=20 width=4) (actual time=0.100..40.000 rows=40000 loops=1)
              Hash Cond: (a.c = c.id)
              ->  Seq Scan on a  (cost=0.00..400.00 rows=20 width=4) (actual time=0.100..20.000 rows=40000 loops=1)
                    Filter: ((city = 'Ulm'::text) AND (zip = 89073))
                    Rows Removed by Filter: 20000
              ->  Hash  (cost=0.00..40.00 rows=500 width=4) (actual time=0.500..0.500 rows=500 loops=1)
                    Buckets: 1024  Batches: 1  Memory Usage: 40kB
                    ->  Seq Scan on c  (cost=0.00..40.00 rows=500 width=4) (actual time=0.100..0.400 rows=500 loops=1)
        ->  Index Scan using b_a on b  (cost=0.00..4.00 rows=1 width=4) (actual time=0.001..0.006 rows=1 loops=40000)
              Index Cond: (a_id = a.id)
";

#[test]
fn a_misestimate_is_told_where_it_begins_with_what_follows() {
    let plan = plan(MISESTIMATE);
    let all = findings(&plan);
    let [finding] = all.as_slice() else { panic!("{all:#?}") };
    assert_eq!((finding.kind, finding.node), (Kind::Misestimate, 3), "at the scan, not at its echoes above");
    let explains: Vec<_> = finding.explains.iter().map(|effect| (effect.kind, effect.node)).collect();
    assert_eq!(explains, [(Kind::NestedLoopLargeOuter, 1), (Kind::AggregateSpill, 0)]);
    // 260 ms of the loop and its inner side, of which a hash join would save seven tenths.
    assert_eq!(finding.saving, Some(Saving::Ms(182.0)));
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::High));
    assert!(finding.advice.contains("city, zip"), "{}", finding.advice);
    let factor = finding.evidence.iter().find(|evidence| evidence.name == "factor").expect("a factor");
    assert_eq!(factor.value, 2000.0);
}

#[test]
fn an_estimate_that_is_off_and_decides_nothing_is_not_told() {
    let text = "Aggregate  (cost=900.00..900.00 rows=1 width=4) (actual time=100.000..100.000 rows=1 loops=1)
  ->  Seq Scan on a  (cost=0.00..400.00 rows=20 width=4) (actual time=0.100..90.000 rows=40000 loops=1)
        Filter: ((city = 'Ulm'::text) AND (zip = 89073))
        Rows Removed by Filter: 20000
";
    assert!(found(text).is_empty(), "{:?}", found(text));
}

#[test]
fn a_scan_inside_a_loop_is_why_the_loop_is_dear() {
    let text = "Nested Loop  (cost=1.00..90000.00 rows=20000 width=4) (actual time=0.100..9000.000 rows=20000 loops=1)
  ->  Seq Scan on a  (cost=0.00..400.00 rows=20000 width=4) (actual time=0.100..5.000 rows=20000 loops=1)
  ->  Seq Scan on b  (cost=0.00..40.00 rows=1 width=4) (actual time=0.100..0.400 rows=1 loops=20000)
        Filter: (a_id = a.id)
        Rows Removed by Filter: 1999
";
    assert_eq!(found(text), ["sequential-scan-discards-rows@2"]);
}

#[test]
fn a_scan_in_a_correlated_subplan_is_dear_because_it_runs_for_each_row() {
    let text = "Seq Scan on a  (cost=0.00..90000.00 rows=5000 width=4) (actual time=0.100..2005.000 rows=5000 loops=1)
  SubPlan 1
    ->  Aggregate  (cost=0.00..40.00 rows=1 width=4) (actual time=0.390..0.400 rows=1 loops=5000)
          ->  Seq Scan on b  (cost=0.00..40.00 rows=1 width=4) (actual time=0.100..0.380 rows=1 loops=5000)
                Filter: (a_id = a.id)
                Rows Removed by Filter: 1999
";
    assert_eq!(found(text), ["correlated-subplan@1"]);
}

#[test]
fn a_sort_of_rows_that_are_skipped_is_that_of_the_offset() {
    let text = "Limit  (cost=9.10..9.30 rows=10 width=8) (actual time=95.000..96.000 rows=10 loops=1)
  ->  Sort  (cost=9.10..9.30 rows=50000 width=8) (actual time=80.000..95.000 rows=40010 loops=1)
        Sort Key: a
        Sort Method: external merge  Disk: 9040kB
        ->  Seq Scan on t  (cost=0.00..5.00 rows=50000 width=8) (actual time=0.010..8.500 rows=50000 loops=1)
";
    assert_eq!(found(text), ["large-offset@0"]);
}

#[test]
fn a_merge_join_that_goes_back_counts_rows_again() {
    let text = "Merge Join  (cost=1.00..900.00 rows=40000 width=4) (actual time=0.100..90.000 rows=40000 loops=1)
  Merge Cond: (a.x = b.x)
  ->  Index Scan using a_x on a  (cost=0.00..400.00 rows=20000 width=4) (actual time=0.100..5.000 rows=20000 loops=1)
  ->  Materialize  (cost=0.00..400.00 rows=2000 width=4) (actual time=0.100..50.000 rows=40000 loops=1)
        ->  Index Scan using b_x on b  (cost=0.00..400.00 rows=2000 width=4) (actual time=0.100..5.000 rows=2000 loops=1)
";
    assert!(found(text).is_empty(), "{:?}", found(text));
}
