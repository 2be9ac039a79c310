//! Nodes as they come, into the tree.

use crate::error::ReadError;
use crate::json::Object;
use crate::limits::Limits;
use crate::node::Node;

/// The nodes of one plan so far, each before those under it.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// Adds a node under `parent`.
    pub(super) fn add(
        &mut self,
        line: usize,
        parent: Option<usize>,
        fields: Object,
        limits: &Limits,
        nodes_left: &mut usize,
    ) -> Result<usize, ReadError> {
        let id = self.nodes.len();
        let depth = parent.map_or(0, |parent| self.nodes[parent].depth + 1);
        if depth >= limits.depth_max {
            return Err(ReadError::TooLarge { line, what: "the depth of the plan", max: limits.depth_max });
        }
        *nodes_left = nodes_left.checked_sub(1).ok_or(ReadError::TooLarge {
            line,
            what: "the number of nodes",
            max: limits.nodes_max,
        })?;
        if let Some(parent) = parent {
            self.nodes[parent].children.push(id);
        }
        self.nodes.push(Node { id, parent, depth, fields, children: Vec::new() });
        Ok(id)
    }
}
