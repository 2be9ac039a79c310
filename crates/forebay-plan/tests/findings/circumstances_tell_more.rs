//! With what is known of tables and of the caller, more can be told.

use forebay_plan::{Call, Circumstances, Kind, ResultColumn, TableStatistics, findings, findings_with};

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

#[test]
fn a_call_says_how_many_rows_came_of_a_plan_that_was_not_run() {
    let table = || Circumstances::new().table(TableStatistics::new("a", 100_000.0));
    let at_all = |text: &str, known: &Circumstances| {
        findings_with(&plan(text), known).iter().map(at).collect::<Vec<_>>()
    };
    let scan = |rows: u32| {
        format!(
            "Sort  (cost=1800.00..1900.00 rows={rows} width=8)\n  Sort Key: b\n  ->  Seq Scan on a  (cost=0.00..1700.00 rows={rows} width=8)\n        Filter: ((b * 2) > 7)\n"
        )
    };
    // The cost alone could be that of few rows.
    assert!(at_all(&scan(3), &Circumstances::new()).is_empty());
    assert_eq!(at_all(&scan(3), &table()), ["sequential-scan-discards-rows@1"]);
    let call = |rows: f64| table().call(Call::new(40.0).rows(rows));
    assert!(at_all(&scan(33_000), &table()).is_empty(), "a third of the table is expected");
    assert_eq!(at_all(&scan(33_000), &call(3.0)), ["sequential-scan-discards-rows@1"]);
    assert!(at_all(&scan(33_000), &call(30_000.0)).is_empty(), "and came");
    assert!(at_all(&scan(3), &call(30_000.0)).is_empty(), "more came than were expected");
    assert!(at_all(&scan(33_000), &table().call(Call::new(40.0))).is_empty(), "it did not come to its end");
    assert!(at_all(&scan(33_000), &table().call(Call::new(0.4).rows(3.0))).is_empty(), "nothing to save");
    // Rows of the result are not those of the scan where something in between drops some.
    let limited = scan(33_000).replace("Sort  ", "Limit  ").replace("  Sort Key: b\n", "");
    assert!(at_all(&limited, &call(3.0)).is_empty());
}

#[test]
fn processes_share_an_estimate() {
    let text = "Gather  (cost=0.00..9000.00 rows=9600 width=8)
  Workers Planned: 2
  ->  Parallel Seq Scan on a  (cost=0.00..8000.00 rows=4000 width=8)
        Filter: (b > 7)
";
    let known = |rows| Circumstances::new().table(TableStatistics::new("a", rows));
    let found = |rows| findings_with(&plan(text), &known(rows)).iter().map(at).collect::<Vec<_>>();
    assert_eq!(found(200_000.0), ["sequential-scan-discards-rows@1"]);
    assert!(found(100_000.0).is_empty(), "4,000 of each of 2.4 processes are a tenth");
}
