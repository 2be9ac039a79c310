//! The hot path.

use forebay_plan::{Exclusive, Plan};

/// The nodes from the root to the one that took most itself, by time where there is one, else by cost.
pub(super) fn path(plan: &Plan, exclusive: &Exclusive) -> Vec<usize> {
    let own = |node| exclusive.time_ms(node).or_else(|| exclusive.cost(node)).unwrap_or(0.0);
    let hottest =
        plan.nodes().iter().fold(plan.root(), |most, node| if own(node) > own(most) { node } else { most });
    let mut path: Vec<usize> =
        std::iter::once(hottest).chain(plan.ancestors(hottest)).map(|node| node.id()).collect();
    path.reverse();
    path
}
