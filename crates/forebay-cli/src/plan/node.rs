//! What is said about one node.

use std::collections::BTreeMap;

use forebay_plan::{Buffers, Exclusive, Node, Plan};
use serde::Serialize;

use super::answer::microseconds;

/// The names of the fields are those of `--json` and stay as they are.
#[derive(Debug, Serialize)]
pub(super) struct NodeAnswer<'a> {
    pub(super) id: usize,
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    pub(super) node_type: &'a str,
    pub(super) title: String,
    pub(super) relationship: Option<&'a str>,
    pub(super) subplan: Option<&'a str>,
    pub(super) schema: Option<&'a str>,
    pub(super) relation: Option<&'a str>,
    pub(super) alias: Option<&'a str>,
    pub(super) index: Option<&'a str>,
    pub(super) conditions: BTreeMap<&'a str, &'a str>,
    pub(super) sort_key: Vec<&'a str>,
    pub(super) cost: Option<f64>,
    pub(super) self_cost: Option<f64>,
    pub(super) inclusive_ms: Option<f64>,
    pub(super) self_ms: Option<f64>,
    /// Of the time, or of the cost where there is no time.
    pub(super) self_share: Option<f64>,
    pub(super) rows_expected: Option<f64>,
    pub(super) rows_actual: Option<f64>,
    pub(super) loops: Option<f64>,
    pub(super) rows_total: Option<f64>,
    pub(super) rows_removed_total: Option<f64>,
    pub(super) misestimate: Option<f64>,
    pub(super) blocks: Option<BlockAnswer>,
    pub(super) self_blocks: Option<BlockAnswer>,
    pub(super) workers_planned: Option<u64>,
    pub(super) workers_launched: Option<u64>,
    pub(super) sort_disk_kb: Option<u64>,
    pub(super) hash_batches: Option<u64>,
    pub(super) hash_disk_kb: Option<u64>,
    pub(super) heap_fetches: Option<u64>,
    pub(super) lossy_blocks: Option<u64>,
    pub(super) never_executed: bool,
    pub(super) hot: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct BlockAnswer {
    pub(super) touched: u64,
    shared_hit: u64,
    shared_read: u64,
    shared_dirtied: u64,
    shared_written: u64,
    local_hit: u64,
    local_read: u64,
    local_dirtied: u64,
    local_written: u64,
    temp_read: u64,
    temp_written: u64,
}

impl From<Buffers> for BlockAnswer {
    fn from(buffers: Buffers) -> Self {
        Self {
            touched: buffers.touched(),
            shared_hit: buffers.shared_hit,
            shared_read: buffers.shared_read,
            shared_dirtied: buffers.shared_dirtied,
            shared_written: buffers.shared_written,
            local_hit: buffers.local_hit,
            local_read: buffers.local_read,
            local_dirtied: buffers.local_dirtied,
            local_written: buffers.local_written,
            temp_read: buffers.temp_read,
            temp_written: buffers.temp_written,
        }
    }
}

impl<'a> NodeAnswer<'a> {
    pub(super) fn of(node: &'a Node, exclusive: &Exclusive, plan: &Plan, hot_path: &[usize]) -> Self {
        let actual = node.actual();
        let loops = actual.map(|actual| actual.loops);
        let on_disk = || node.sorts().filter(|sort| sort.on_disk).map(|sort| sort.space_kb);
        Self {
            id: node.id(),
            parent: node.parent(),
            depth: node.depth(),
            node_type: node.node_type(),
            title: node.title(),
            relationship: node.relationship(),
            subplan: node.subplan_name(),
            schema: node.schema(),
            relation: node.relation(),
            alias: node.alias(),
            index: node.index(),
            conditions: node.conditions().collect(),
            sort_key: node.sort_key().collect(),
            cost: node.total_cost(),
            self_cost: exclusive.cost(node).map(|cost| (cost * 100.0).round() / 100.0),
            inclusive_ms: exclusive.inclusive_ms(node).map(microseconds),
            self_ms: exclusive.time_ms(node).map(microseconds),
            self_share: share(node, exclusive, plan),
            rows_expected: node.plan_rows(),
            rows_actual: actual.map(|actual| actual.rows),
            loops,
            rows_total: node.rows_total(),
            rows_removed_total: loops.map(|loops| loops * node.rows_removed()),
            misestimate: node.misestimate(),
            blocks: node.buffers().map(BlockAnswer::from),
            self_blocks: exclusive.buffers(node).map(BlockAnswer::from),
            workers_planned: node.workers_planned(),
            workers_launched: node.workers_launched(),
            sort_disk_kb: on_disk().next().map(|first| on_disk().skip(1).fold(first, u64::saturating_add)),
            hash_batches: node.hash().map(|hash| hash.batches),
            hash_disk_kb: node.hash().and_then(|hash| hash.disk_kb),
            heap_fetches: node.heap_fetches(),
            lossy_blocks: node.heap_blocks().map(|(_, lossy)| lossy),
            never_executed: node.is_never_executed(),
            hot: hot_path.contains(&node.id()),
        }
    }
}

fn share(node: &Node, exclusive: &Exclusive, plan: &Plan) -> Option<f64> {
    let share = exclusive.time_share(node).or_else(|| {
        let whole = plan.root().total_cost().filter(|cost| *cost > 0.0)?;
        Some(exclusive.cost(node)? / whole)
    })?;
    Some((share * 10_000.0).round() / 10_000.0)
}
