//! How many rows a node looked at, and how many of them it kept.

use crate::node::Node;

/// Rows in all loops of all processes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reads {
    pub(super) kept: f64,
    pub(super) removed: f64,
}

impl Reads {
    /// What was read and kept by the filter; none when the node was not run.
    pub(super) fn of(node: &Node) -> Option<Self> {
        Self::counting(node, "Rows Removed by Filter")
    }

    /// With what was thrown away under another key.
    pub(super) fn counting(node: &Node, key: &str) -> Option<Self> {
        let actual = node.actual().filter(|actual| actual.loops >= 1.0)?;
        let removed = node.fields().number(key).unwrap_or(0.0).max(0.0);
        Some(Self { kept: actual.rows.max(0.0) * actual.loops, removed: removed * actual.loops })
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { kept: self.kept + other.kept, removed: self.removed + other.removed }
    }

    pub(super) fn read(self) -> f64 {
        self.kept + self.removed
    }

    /// From 0 to 1.
    pub(super) fn kept_share(self) -> f64 {
        if self.read() > 0.0 { self.kept / self.read() } else { 1.0 }
    }
}
