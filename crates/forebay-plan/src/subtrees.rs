//! Which nodes are under which.

use std::ops::Range;

use crate::node::Node;
use crate::plan::Plan;

/// Where the nodes under each node end: they stand right behind it, so that one comparison tells what an ancestor is.
#[derive(Debug)]
pub(crate) struct Subtrees(Vec<usize>);

impl Subtrees {
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut ends: Vec<usize> = (1..=plan.nodes().len()).collect();
        for node in plan.nodes().iter().rev() {
            if let Some(parent) = node.parent() {
                ends[parent] = ends[parent].max(ends[node.id()]);
            }
        }
        Self(ends)
    }

    /// The places of a node and of those under it.
    pub(crate) fn range(&self, node: usize) -> Range<usize> {
        node..self.0[node]
    }

    /// Whether a node is `outer` or under it.
    pub(crate) fn is_in(&self, node: &Node, outer: &Node) -> bool {
        self.range(outer.id()).contains(&node.id())
    }
}
