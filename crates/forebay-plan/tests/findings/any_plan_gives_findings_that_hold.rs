//! Whatever a plan says: findings at nodes that exist, with numbers that are some, and savings no larger than the whole.

use forebay_plan::{
    Circumstances, Exclusive, Plan, ResultColumn, Saving, TableStatistics, findings_with, read,
};
use proptest::prelude::*;

const TYPES: [&str; 22] = [
    "Seq Scan",
    "Index Scan",
    "Index Only Scan",
    "Bitmap Heap Scan",
    "Bitmap Index Scan",
    "Nested Loop",
    "Hash Join",
    "Merge Join",
    "Hash",
    "Sort",
    "Incremental Sort",
    "Aggregate",
    "Limit",
    "Gather",
    "Append",
    "Materialize",
    "Memoize",
    "CTE Scan",
    "Function Scan",
    "ModifyTable",
    "Result",
    "Quantum Scan",
];
const RELATIONSHIPS: [&str; 6] = ["Outer", "Inner", "Member", "SubPlan", "InitPlan", "Subquery"];
const NUMBERS: [&str; 10] =
    ["0", "1", "3", "100", "20000", "1000000", "0.4", "-5", "1e300", "99999999999999999999"];
const KEYS: [&str; 26] = [
    "Total Cost",
    "Startup Cost",
    "Plan Rows",
    "Plan Width",
    "Actual Rows",
    "Actual Loops",
    "Actual Total Time",
    "Actual Startup Time",
    "Rows Removed by Filter",
    "Rows Removed by Join Filter",
    "Rows Removed by Index Recheck",
    "Heap Fetches",
    "Exact Heap Blocks",
    "Lossy Heap Blocks",
    "Hash Batches",
    "Original Hash Batches",
    "HashAgg Batches",
    "Disk Usage",
    "Peak Memory Usage",
    "Sort Space Used",
    "Workers Planned",
    "Workers Launched",
    "Shared Hit Blocks",
    "Temp Written Blocks",
    "Actual Rows",
    "Total Cost",
];
const TEXTS: [(&str, &str); 16] = [
    ("Filter", "(a = 7)"),
    ("Filter", "((a.x = 1) OR (b.y = 'x'))"),
    ("Filter", "(SubPlan 1)"),
    ("Filter", "(\\\"é"),
    ("Join Filter", "((a.x = 1) OR (b.y = 2))"),
    ("Join Filter", "(a.x = b.x)"),
    ("Index Cond", "(id IS NOT NULL)"),
    ("Index Cond", "(k = 3)"),
    ("Relation Name", "a"),
    ("Relation Name", "b"),
    ("CTE Name", "c"),
    ("Subplan Name", "CTE c"),
    ("Subplan Name", "SubPlan 1"),
    ("Sort Method", "external merge"),
    ("Sort Space Type", "Disk"),
    ("Join Type", "Left"),
];

prop_compose! {
    fn fields()(
        kind in 0..TYPES.len(),
        relationship in 0..RELATIONSHIPS.len(),
        numbers in proptest::collection::vec((0..KEYS.len(), 0..NUMBERS.len()), 0..14),
        texts in proptest::collection::vec(0..TEXTS.len(), 0..4),
        run in any::<bool>(),
    ) -> String {
        let mut fields =
            format!("\"Node Type\":\"{}\",\"Parent Relationship\":\"{}\"", TYPES[kind], RELATIONSHIPS[relationship]);
        for (key, number) in numbers {
            fields.push_str(&format!(",\"{}\":{}", KEYS[key], NUMBERS[number]));
        }
        for text in texts {
            fields.push_str(&format!(",\"{}\":\"{}\"", TEXTS[text].0, TEXTS[text].1));
        }
        if run {
            fields.push_str(",\"Actual Rows\":20000,\"Actual Loops\":1,\"Actual Total Time\":50.5,\"Plan Rows\":7,\"Total Cost\":9000");
        }
        fields
    }
}

fn tree() -> impl Strategy<Value = String> {
    let leaf = fields().prop_map(|fields| format!("{{{fields}}}"));
    leaf.prop_recursive(6, 40, 3, |under| {
        (fields(), proptest::collection::vec(under, 1..4))
            .prop_map(|(fields, under)| format!("{{{fields},\"Plans\":[{}]}}", under.join(",")))
    })
}

fn statement() -> impl Strategy<Value = String> {
    let number = || (0..NUMBERS.len()).prop_map(|at| NUMBERS[at]);
    (tree(), number(), number(), number(), number()).prop_map(|(tree, planning, run, jit, trigger)| {
        format!(
            "{{\"Plan\":{tree},\"Planning Time\":{planning},\"Execution Time\":{run},\"JIT\":{{\"Functions\":3,\"Timing\":{{\"Total\":{jit}}}}},\
             \"Triggers\":[{{\"Trigger Name\":\"t\",\"Time\":{trigger},\"Calls\":3}}]}}"
        )
    })
}

fn circumstances() -> Circumstances {
    let mut table = TableStatistics::new("a", f64::NAN);
    table.modified_since_analyze = u64::MAX;
    let mut column = ResultColumn::new("x", false);
    column.bytes_average = Some(f64::INFINITY);
    Circumstances::new().table(table).column(column).column(ResultColumn::new("y", true))
}

/// What the statement took, in the unit of its savings.
fn whole(plan: &Plan) -> f64 {
    let exclusive = Exclusive::of(plan);
    let number = |number: Option<f64>| number.unwrap_or(0.0).max(0.0);
    match exclusive.total_ms() {
        Some(total) => total.max(number(plan.execution_ms())) + number(plan.planning_ms()),
        None => plan.nodes().iter().filter_map(|node| exclusive.cost(node)).sum(),
    }
}

fn holds(plan: &Plan, circumstances: &Circumstances) {
    let found = findings_with(plan, circumstances);
    let whole = whole(plan);
    for (at, finding) in found.iter().enumerate() {
        assert!(finding.node < plan.nodes().len(), "{finding:?}");
        let saving = finding.saving.map_or(0.0, Saving::amount);
        assert!(saving.is_finite() && saving >= 0.0, "{finding:?}");
        assert!(saving <= whole * 1.000_001 || whole.is_infinite(), "{saving} of {whole}: {finding:?}");
        assert!(!finding.what.is_empty() && !finding.advice.is_empty());
        assert!(finding.evidence.iter().all(|evidence| evidence.value.is_finite()), "{finding:?}");
        assert!(finding.explains.iter().all(|effect| effect.node < plan.nodes().len()));
        let again = found[..at].iter().any(|other| (other.kind, other.node) == (finding.kind, finding.node));
        assert!(!again, "told twice: {finding:?}");
    }
    let savings: Vec<f64> = found.iter().map(|finding| finding.saving.map_or(0.0, Saving::amount)).collect();
    assert!(savings.is_sorted_by(|a, b| a >= b), "{savings:?}");
}

proptest! {
    #[test]
    fn any_tree(text in statement()) {
        let plan = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}")).remove(0);
        holds(&plan, &Circumstances::new());
        holds(&plan, &circumstances());
    }
}

#[test]
fn a_plan_as_large_as_is_read_is_judged_in_time() {
    // Loops over loops: every suspicion is above every other one. What is done for each pair of nodes would not end in a test's time.
    let scan = "{\"Node Type\":\"Seq Scan\",\"Parent Relationship\":\"Inner\",\"Relation Name\":\"a\",\"Filter\":\"(x = 3)\",\
                \"Rows Removed by Filter\":90000,\"Actual Rows\":20000,\"Actual Loops\":20000,\"Actual Total Time\":50.5,\"Plan Rows\":7,\"Total Cost\":9000}";
    let wide = vec![scan; 15].join(",");
    let mut tree = scan.to_owned();
    for _ in 0..390 {
        tree = format!(
            "{{\"Node Type\":\"Nested Loop\",\"Parent Relationship\":\"Outer\",\"Actual Rows\":20000,\"Actual Loops\":1,\"Actual Total Time\":90.5,\
             \"Plan Rows\":7,\"Total Cost\":9000,\"Plans\":[{tree},{wide}]}}"
        );
    }
    let plan = read(&format!("{{\"Plan\":{tree}}}")).expect("a plan").remove(0);
    assert!(plan.nodes().len() > 6_000);
    holds(&plan, &Circumstances::new());
}
