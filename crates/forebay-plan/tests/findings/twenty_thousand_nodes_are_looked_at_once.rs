//! A plan of a great many nodes: what is asked of each node is not asked of every other one for it.

use std::fmt::Write as _;

use forebay_plan::{Exclusive, Kind, findings};

use super::written::{at, plan};

const TIMES: usize = 5_000;

/// As many common tables as there are scans of them, and InitPlans as there are nodes that use them, all at one node.
fn tables_and_init_plans() -> String {
    let mut text =
        "Append  (cost=0.00..9.00 rows=1 width=8) (actual time=0.000..45000.000 rows=1 loops=1)\n".to_owned();
    for at in 0..TIMES {
        let _ = write!(
            text,
            "  CTE t{at}\n    ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=8) (actual time=0.000..2.000 rows=1 loops=1)\n  \
             InitPlan {} (returns ${at})\n    ->  Seq Scan on b  (cost=0.00..1.00 rows=1 width=8) (actual time=0.000..1.000 rows=1 loops=1)\n",
            at + 1
        );
    }
    for at in 0..TIMES {
        let _ = write!(
            text,
            "  ->  CTE Scan on t{at}  (cost=0.00..1.00 rows=1 width=8) (actual time=0.000..5.000 rows=1 loops=1)\n  \
             ->  Seq Scan on c  (cost=0.00..1.00 rows=1 width=8) (actual time=0.000..4.000 rows=1 loops=1)\n        Filter: (x > ${at})\n"
        );
    }
    text
}

#[test]
fn what_ran_inside_is_found_for_each_of_them() {
    let plan = plan(&tables_and_init_plans());
    assert_eq!(plan.nodes().len(), 4 * TIMES + 1);
    let exclusive = Exclusive::of(&plan);
    for node in &plan.nodes()[1..] {
        let own = match (node.computes_cte(), node.relationship()) {
            (Some(_), _) => 2.0,
            (None, Some("InitPlan")) => 1.0,
            // Without the table they read, and the InitPlan they waited for.
            _ => 3.0,
        };
        let took = exclusive.time_ms(node).expect("it has times");
        assert!((took - own).abs() < 1e-6, "{}: {took} instead of {own}", node.title());
    }
    assert_eq!(findings(&plan), []);
}

/// Each of the joins gives far more rows than expected, and every scan under them is what it was expected to be.
#[test]
fn estimates_that_are_all_off_have_one_first_cause() {
    let mut text = String::new();
    for depth in 0..60 {
        let indent = if depth == 0 { String::new() } else { format!("{}->  ", " ".repeat(6 * depth - 4)) };
        let took = 90_000 - depth;
        let _ = writeln!(
            text,
            "{indent}Append  (cost=0.00..9.00 rows=1 width=8) (actual time=0.000..{took}.000 rows=5000 loops=1)"
        );
        for _ in 0..340 {
            let _ = writeln!(
                text,
                "{}->  Seq Scan on a  (cost=0.00..1.00 rows=9 width=8) (actual time=0.000..0.001 rows=9 loops=1)",
                " ".repeat(6 * depth + 2)
            );
        }
    }
    // The last of the scans is where it begins: an index scan, chosen for one row.
    let _ = writeln!(
        text,
        "{}->  Index Scan using k on a  (cost=0.00..1.00 rows=1 width=8) (actual time=0.000..89000.000 rows=5000 loops=1)",
        " ".repeat(6 * 59 + 2)
    );
    let plan = plan(&text);
    assert!(plan.nodes().len() > 20_000);
    let last = plan.nodes().len() - 1;
    let found: Vec<String> = findings(&plan)
        .iter()
        .filter(|finding| matches!(finding.kind, Kind::Misestimate | Kind::StaleStatistics))
        .map(at)
        .collect();
    assert_eq!(found, [format!("stale-statistics@{last}")]);
}
