//! Nodes as processes: what one does, what the test tells it, and what is made of what it recorded.

mod node;
mod nodes;
mod record;
mod rows;

pub(crate) use node::{is_told, node};
pub(crate) use nodes::Nodes;

pub(crate) const KEYS: usize = 6;
pub(crate) const TAGS: usize = 3;
/// Where a node finds Redis and the rows.
pub(crate) const REDIS: &str = "FOREBAY_TEST_NODE_REDIS";
pub(crate) const ROWS: &str = "FOREBAY_TEST_NODE_ROWS";
/// Begins each line a node says to the test, among those of the test harness.
pub(crate) const MARK: &str = "@ ";
