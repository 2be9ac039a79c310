//! A join's hash table that did not fit in memory.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, size_kb};
use crate::node::Node;

/// With this many batches all but an eighth of both sides is written and read again. Fewer, where the planner reckoned with them, are a
/// fair price: it compared them with the other joins.
const PLANNED_BATCHES_MIN: u64 = 8;

/// What of the join's own time writing and reading again takes, of the part that is spilled.
const SPILLED_SHARE: f64 = 0.5;

pub(super) struct HashSpill;

impl Rule for HashSpill {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.node_type() != "Hash" {
            return None;
        }
        let hash = node.hash().filter(|hash| hash.batches > 1)?;
        let planned = hash.planned_batches.unwrap_or(hash.batches);
        if planned >= hash.batches && hash.batches < PLANNED_BATCHES_MIN {
            return None;
        }
        let join = &scene.plan.nodes()[node.parent()?];
        let at_stake = scene.own(node) + scene.own(join);
        let spilled = 1.0 - 1.0 / hash.batches as f64;
        let whole_kb = hash.memory_kb as f64 * hash.batches as f64;
        let what = format!(
            "the hash table of a join did not fit in memory and was worked off in {} batches, {} of them planned",
            count(hash.batches as f64),
            count(planned as f64)
        );
        let advice = format!(
            "Raise work_mem (or hash_mem_multiplier) for this statement (SET LOCAL): about {} would hold the table. Rows that are filtered \
             before the join, and columns that are not asked for, take no room in it.",
            size_kb(whole_kb)
        );
        let suspicion = Suspicion::new(Kind::HashSpill, node, what, advice)
            .saving(at_stake * SPILLED_SHARE * spilled)
            .confidence(Confidence::High)
            .evidence("batches", hash.batches as f64, Unit::Count)
            .evidence("batches planned", planned as f64, Unit::Count)
            .evidence("memory", hash.memory_kb as f64, Unit::Kilobytes);
        Some(match join.buffers() {
            Some(buffers) => {
                suspicion.evidence("temporary blocks written", buffers.temp_written as f64, Unit::Blocks)
            }
            None => suspicion,
        })
    }
}
