//! What the nodes took by themselves adds up to what the root took, whatever the plan.

use forebay_plan::{Exclusive, Plan};

use crate::cases::CASES;
use crate::database::{database, major, plan};

fn check(plan: &Plan, sql: &str) {
    let exclusive = Exclusive::of(plan);
    let root = exclusive.inclusive_ms(plan.root()).expect("times");
    let own: Vec<f64> = plan.nodes().iter().map(|node| exclusive.time_ms(node).expect("times")).collect();
    assert!(own.iter().all(|time| *time >= 0.0), "{own:?}");
    let total: f64 = own.iter().sum();
    // What writes in a `WITH` goes on after the root.
    let outlives = |node: &forebay_plan::Node| {
        if node.computes_cte().is_some() && node.node_type() == "ModifyTable" {
            exclusive.inclusive_ms(node)
        } else {
            None
        }
    };
    let after: f64 = plan.nodes().iter().filter_map(outlives).sum();
    assert!(total >= root - 1e-6 && total <= root + after + 1e-6, "{total} of {root}: {sql}\n{plan}");
    let touched: u64 =
        plan.nodes().iter().filter_map(|node| exclusive.buffers(node)).map(|own| own.touched()).sum();
    let all = plan.root().buffers().unwrap_or_default().touched();
    if after == 0.0 {
        // Each counter of each node is rounded to whole blocks where it had to be scaled.
        let rounding = plan.nodes().len() as u64;
        assert!(touched.abs_diff(all) <= rounding, "{touched} of {all} blocks: {sql}\n{plan}");
    }
    for node in plan.nodes().iter().filter(|node| node.is_never_executed()) {
        assert_eq!(exclusive.time_ms(node), Some(0.0), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_and_blocks_of_every_plan() {
    let (_database, client) = database("figures_add_up").await;
    let major = major(&client).await;
    let (mut never, mut gathered) = (0, 0);
    for case in CASES.iter().filter(|case| case.since <= major && case.can_run()) {
        for format in ["JSON", "TEXT"] {
            let plan = plan(&client, case, &format!("ANALYZE, BUFFERS, VERBOSE, FORMAT {format}")).await;
            check(&plan, case.sql);
            assert!(plan.execution_ms().is_some() && plan.planning_ms().is_some(), "{plan}");
            never += plan.nodes().iter().filter(|node| node.is_never_executed()).count();
            gathered += plan
                .nodes()
                .iter()
                .filter(|node| node.workers_launched().is_some_and(|count| count > 0))
                .count();
        }
    }
    assert!(never > 0 && gathered > 0, "{never} never executed, {gathered} with workers");
}
