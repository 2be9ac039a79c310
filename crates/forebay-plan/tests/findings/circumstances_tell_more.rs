//! With what is known of tables and of the caller, more can be told.

use forebay_plan::{Circumstances, Kind, ResultColumn, TableStatistics, findings, findings_with};

use crate::written::{at, plan};

/// A condition with a function, so that the plan alone cannot say why the estimate is off.
const OFF: &str = "\
Nested Loop  (cost=1.00..900.00 rows=20 width=4) (actual time=0.100..300.000 rows=40000 loops=1)
  ->  Seq Scan on a  (cost=0.00..400.00 rows=20 width=4) (actual time=0.100..20.000 rows=40000 loops=1)
        Filter: (lower(city) = 'ulm'::text)
        Rows Removed by Filter: 20000
  ->  Index Scan using b_a on b  (cost=0.00..4.00 rows=1 width=4) (actual time=0.001..0.006 rows=1 loops=40000)
        Index Cond: (a_id = a.id)
";

#[test]
fn a_table_that_changed_since_it_was_analysed_explains_the_estimate() {
    let plan = plan(OFF);
    let alone: Vec<String> = findings(&plan).iter().map(at).collect();
    assert_eq!(alone, ["misestimate@1"]);
    let table = |modified| {
        let mut table = TableStatistics::new("a", 60_000.0);
        table.modified_since_analyze = modified;
        Circumstances::new().table(table)
    };
    let fresh: Vec<String> = findings_with(&plan, &table(100)).iter().map(at).collect();
    assert_eq!(fresh, ["misestimate@1"]);
    let old = findings_with(&plan, &table(50_000));
    assert_eq!(old.iter().map(at).collect::<Vec<_>>(), ["stale-statistics@1"]);
    assert!(old[0].explains.iter().any(|effect| effect.kind == Kind::NestedLoopLargeOuter));
    assert!(
        old[0]
            .evidence
            .iter()
            .any(|evidence| evidence.name == "rows changed since" && evidence.value == 50_000.0)
    );
}

#[test]
fn what_a_plan_alone_tells_of_old_statistics() {
    // A value that common stands in the statistics of its column, if they are of today.
    let one_column = OFF.replace("(lower(city) = 'ulm'::text)", "(city = 'ulm'::text)");
    let found = |text: &str| findings(&plan(text)).iter().map(at).collect::<Vec<_>>();
    assert_eq!(found(&one_column), ["stale-statistics@1"]);
    let known = Circumstances::new().table(TableStatistics::new("a", 60_000.0));
    let fresh = findings_with(&plan(&one_column), &known);
    assert_eq!(fresh.iter().map(at).collect::<Vec<_>>(), ["misestimate@1"], "they are known to be of today");
    let bare = "Seq Scan on a  (cost=0.00..400.00 rows=2000 width=4) (actual time=0.100..20.000 rows=60000 loops=1)\n";
    assert_eq!(found(bare), ["stale-statistics@0"]);
    let limited = "Limit  (cost=0.00..4.00 rows=10 width=4) (actual time=0.100..20.000 rows=10 loops=1)
  ->  Seq Scan on a  (cost=0.00..400.00 rows=20000 width=4) (actual time=0.100..20.000 rows=10 loops=1)
";
    assert!(found(limited).is_empty(), "nobody asked for the other rows");
}

#[test]
fn columns_nobody_looks_at_are_counted() {
    let plan = plan(
        "Seq Scan on a  (cost=0.00..400.00 rows=20000 width=400) (actual time=0.100..20.000 rows=20000 loops=1)\n",
    );
    let column = |name: &str, used, bytes| {
        let mut column = ResultColumn::new(name, used);
        column.bytes_average = Some(bytes);
        column
    };
    let wide = Circumstances::new().column(column("id", true, 4.0)).column(column("body", false, 396.0));
    let found = findings_with(&plan, &wide);
    assert_eq!(found.iter().map(at).collect::<Vec<_>>(), ["unused-columns@0"]);
    assert!(found[0].what.contains("(body)"), "{}", found[0].what);
    let narrow = Circumstances::new().column(column("id", false, 4.0)).column(column("body", true, 396.0));
    assert!(findings_with(&plan, &narrow).is_empty());
    let all_used = Circumstances::new().column(column("id", true, 4.0));
    assert!(findings_with(&plan, &all_used).is_empty());
}
