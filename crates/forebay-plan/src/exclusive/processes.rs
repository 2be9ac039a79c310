//! Loops and processes.

use crate::plan::Plan;

/// The time from the first to the last moment of each node, in milliseconds, all its loops together.
pub(super) fn wall_ms(plan: &Plan) -> Option<Vec<f64>> {
    let mut processes = vec![1.0_f64; plan.nodes().len()];
    let mut times = Vec::with_capacity(plan.nodes().len());
    for node in plan.nodes() {
        let actual = node.actual()?;
        if let Some(parent) = node.parent().map(|parent| &plan.nodes()[parent]) {
            processes[node.id()] = processes[parent.id()];
            let loops = parent.actual().map_or(0.0, |actual| actual.loops);
            if parent.node_type().starts_with("Gather") && !node.is_subplan() && loops >= 1.0 {
                processes[node.id()] *= (actual.loops / loops).max(1.0);
            }
        }
        let time = if actual.loops < 1.0 { 0.0 } else { actual.total_ms? * actual.loops };
        times.push((time / processes[node.id()]).max(0.0));
    }
    Some(times)
}

/// How often each node is expected to run: the inner side of a nested loop for each row of the outer one.
pub(super) fn expected_runs(plan: &Plan) -> Vec<f64> {
    let mut runs = vec![1.0_f64; plan.nodes().len()];
    for node in plan.nodes() {
        let Some(parent) = node.parent().map(|parent| &plan.nodes()[parent]) else { continue };
        runs[node.id()] = runs[parent.id()];
        // What these keep costs little from the second run on.
        let kept = matches!(node.node_type(), "Materialize" | "Memoize");
        if parent.node_type() == "Nested Loop" && node.relationship() == Some("Inner") && !kept {
            let outer = plan.children(parent).find(|child| child.relationship() == Some("Outer"));
            runs[node.id()] *= outer.and_then(|outer| outer.plan_rows()).unwrap_or(1.0).max(1.0);
        }
        // Nothing a plan says may leave the range of numbers.
        runs[node.id()] = runs[node.id()].min(1e100);
    }
    runs
}
