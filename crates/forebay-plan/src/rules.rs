//! The rules, each in a file of its own: what one of them sees at a node.

mod aggregate_spill;
mod columns;
mod correlated_subplan;
mod estimates;
mod hash_spill;
mod heap_fetches;
mod index_filter;
mod jit;
mod large_offset;
mod late_filter;
mod lossy_bitmap;
mod misestimate;
mod nested_loop;
mod planning;
mod reads;
mod sequential_scan;
mod sort_spill;
mod stale_statistics;
mod triggers;
mod unused_columns;
mod workers;
mod wrong_index;

pub(crate) use misestimate::is_far_off;

use crate::finding::{Scene, Suspicion};
use crate::node::Node;

/// One finding on a node.
///
/// A rule says what it sees and what mending that would save. Whether that is worth telling, and whether something else explains it,
/// is not its business.
pub(crate) trait Rule {
    /// What is wrong at this node.
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion>;
}

/// What every rule says of a node.
pub(crate) fn check(scene: &Scene<'_>, node: &Node) -> impl Iterator<Item = Suspicion> {
    let rules = [
        sequential_scan::SequentialScan::check,
        index_filter::IndexFilter::check,
        wrong_index::WrongIndex::check,
        misestimate::Misestimate::check,
        stale_statistics::StaleStatistics::check,
        sort_spill::SortSpill::check,
        hash_spill::HashSpill::check,
        aggregate_spill::AggregateSpill::check,
        nested_loop::NestedLoop::check,
        lossy_bitmap::LossyBitmap::check,
        heap_fetches::HeapFetches::check,
        jit::JitTime::check,
        planning::Planning::check,
        workers::Workers::check,
        triggers::Triggers::check,
        correlated_subplan::CorrelatedSubplan::check,
        large_offset::LargeOffset::check,
        late_filter::LateFilter::check,
        unused_columns::UnusedColumns::check,
    ];
    rules.into_iter().filter_map(move |check| check(scene, node))
}
