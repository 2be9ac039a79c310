//! How much is read.

/// Bounds of what one call of [`read_with`](crate::read_with) takes in. A plan from a log is somebody else's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the input. Default: 64 MiB.
    pub bytes_max: usize,
    /// Levels of a plan's tree. Default: 400.
    pub depth_max: usize,
    /// Nodes of all plans of an input. Default: 200 000.
    pub nodes_max: usize,
}

impl Limits {
    /// Levels of JSON: a node and the list it stands in, and what a node holds itself.
    pub(crate) fn json_depth_max(&self) -> usize {
        self.depth_max.saturating_mul(2).saturating_add(8)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 64 << 20, depth_max: 400, nodes_max: 200_000 }
    }
}
