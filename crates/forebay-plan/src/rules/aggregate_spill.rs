//! An aggregate's hash table that did not fit in memory.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, size_kb};
use crate::node::Node;

/// What of the aggregate's own time writing rows out and reading them again takes.
const SPILLED_SHARE: f64 = 0.5;

pub(super) struct AggregateSpill;

impl Rule for AggregateSpill {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.node_type() != "Aggregate" {
            return None;
        }
        let all = || std::iter::once(node.fields()).chain(node.workers());
        let batches = all().filter_map(|fields| fields.count("HashAgg Batches")).max()?;
        let disk_kb: f64 = all().filter_map(|fields| fields.number("Disk Usage")).sum();
        if batches <= 1 && disk_kb <= 0.0 {
            return None;
        }
        let memory_kb: f64 =
            all().filter_map(|fields| fields.number("Peak Memory Usage")).fold(0.0, f64::max);
        let what = format!(
            "the groups of an aggregate did not fit in memory: {} went to temporary files, in {} batches",
            size_kb(disk_kb),
            count(batches as f64)
        );
        let advice = format!(
            "Raise work_mem (or hash_mem_multiplier) for this statement (SET LOCAL): about {} would hold the groups. If there are far more \
             groups than expected, statistics on the grouped columns together (CREATE STATISTICS, ndistinct) let the planner sort instead.",
            size_kb(memory_kb * batches as f64)
        );
        let suspicion = Suspicion::new(Kind::AggregateSpill, node, what, advice)
            .saving(scene.own(node) * SPILLED_SHARE)
            .confidence(Confidence::High)
            .evidence("on disk", disk_kb, Unit::Kilobytes)
            .evidence("batches", batches as f64, Unit::Count)
            .evidence("memory", memory_kb, Unit::Kilobytes);
        Some(match node.rows_total() {
            Some(rows) => suspicion.evidence("groups", rows, Unit::Rows),
            None => suspicion,
        })
    }
}
