//! Every node type of PostgreSQL is met in a real plan, in both forms, and written back without loss.

use std::collections::BTreeSet;

use forebay_plan::{Plan, read};

use crate::cases::CASES;
use crate::database::{database, explain, major, plan};

/// Those no statement of a plain server gives stand elsewhere: transition tables in `transition_tables_are_read`; foreign and custom
/// scans need an extension and are read from texts in `tests/plans`.
const NODE_TYPES: [&str; 39] = [
    "Result",
    "ProjectSet",
    "ModifyTable",
    "Append",
    "Merge Append",
    "Recursive Union",
    "BitmapAnd",
    "BitmapOr",
    "Nested Loop",
    "Merge Join",
    "Hash Join",
    "Seq Scan",
    "Sample Scan",
    "Gather",
    "Gather Merge",
    "Index Scan",
    "Index Only Scan",
    "Bitmap Index Scan",
    "Bitmap Heap Scan",
    "Tid Scan",
    "Tid Range Scan",
    "Subquery Scan",
    "Function Scan",
    "Table Function Scan",
    "Values Scan",
    "CTE Scan",
    "WorkTable Scan",
    "Materialize",
    "Memoize",
    "Sort",
    "Incremental Sort",
    "Group",
    "Aggregate",
    "WindowAgg",
    "Unique",
    "SetOp",
    "LockRows",
    "Limit",
    "Hash",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_type_is_met() {
    let (_database, client) = database("every_node_type").await;
    let major = major(&client).await;
    let mut met = BTreeSet::new();
    for case in CASES.iter().filter(|case| case.since <= major) {
        for format in ["TEXT", "JSON"] {
            let plan = plan(&client, case, &format!("VERBOSE, FORMAT {format}")).await;
            for wanted in case.meets {
                assert!(has(&plan, wanted), "no {wanted} in {format} of {}: {plan}", case.sql);
            }
            met.extend(plan.nodes().iter().map(|node| node.node_type().to_owned()));
        }
    }
    let wanted: BTreeSet<String> = NODE_TYPES.map(str::to_owned).into();
    assert_eq!(met, wanted);
}

fn has(plan: &Plan, wanted: &str) -> bool {
    let (kind, value) = wanted.split_once('/').map_or((wanted, None), |(kind, value)| (kind, Some(value)));
    plan.nodes().iter().any(|node| {
        let values = [
            node.strategy(),
            node.partial_mode(),
            node.join_type(),
            node.operation(),
            node.fields().text("Scan Direction"),
        ];
        node.node_type() == kind && (value.is_none() || values.contains(&value))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_is_written_without_loss() {
    let (_database, client) = database("round_trip").await;
    let major = major(&client).await;
    for case in CASES.iter().filter(|case| case.since <= major && case.can_run()) {
        let json = explain(&client, case, "ANALYZE, VERBOSE, BUFFERS, WAL, SETTINGS, FORMAT JSON").await;
        let plan = read(&json).unwrap_or_else(|error| panic!("{error}\n{json}")).remove(0);
        let squeezed = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
        let mut bytes = squeezed(&plan.to_string()).into_bytes();
        let mut before = squeezed(&json).trim_start_matches('[').trim_end_matches(']').as_bytes().to_vec();
        bytes.sort_unstable();
        before.sort_unstable();
        assert!(bytes == before, "the same characters, in whatever order\n{json}\n{plan}");
        assert_eq!(read(&plan.to_string()).expect("a plan")[0].nodes(), plan.nodes());
    }
}
