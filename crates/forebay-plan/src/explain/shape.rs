//! What makes two plans the same plan.

use crate::{node::Node, plan::Plan};
use foldhash::quality::FixedState;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

/// A number for the shape of a plan: its nodes with their types, tables, indexes and joins, whatever values, costs and rows it has.
/// Partitions that are read alike count once, so that a new one, or one that is left out, makes no other plan.
pub(super) fn shape(plan: &Plan) -> u64 {
    of_node(plan, plan.root(), true)
}

fn of_node(plan: &Plan, node: &Node, named: bool) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    (node.node_type(), node.relationship(), node.join_type(), node.strategy()).hash(&mut hasher);
    (node.partial_mode(), node.operation(), node.is_parallel()).hash(&mut hasher);
    if named {
        (node.schema(), node.relation(), node.index(), node.cte()).hash(&mut hasher);
    } else {
        node.index().is_some().hash(&mut hasher);
    }
    let parts = matches!(node.node_type(), "Append" | "Merge Append");
    let mut children: Vec<u64> =
        plan.children(node).map(|child| of_node(plan, child, named && !parts)).collect();
    if parts {
        children.sort_unstable();
        children.dedup();
    }
    children.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::shape;

    fn of(text: &str) -> u64 {
        shape(&crate::read(text).unwrap()[0])
    }

    #[test]
    fn values_costs_and_partitions_make_no_other_plan() {
        let scan = |cost, value| {
            format!(
                "Index Scan using i on t  (cost=0.00..{cost} rows=1 width=4)\n  Index Cond: (a = {value})\n"
            )
        };
        assert_eq!(of(&scan("1.00", 1)), of(&scan("2.00", 7)));
        assert_ne!(of(&scan("1.00", 1)), of("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n"));
        let append = |parts: &[&str]| {
            let part = |name: &&str| format!("  ->  Seq Scan on {name}  (cost=0.00..1.00 rows=1 width=4)\n");
            format!(
                "Append  (cost=0.00..1.00 rows=1 width=4)\n{}",
                parts.iter().map(part).collect::<String>()
            )
        };
        assert_eq!(of(&append(&["t_1", "t_2"])), of(&append(&["t_2", "t_3", "t_4"])));
    }
}
