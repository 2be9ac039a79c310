//! A bitmap that forgot which rows it meant.

use super::Rule;
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, percent};
use crate::node::Node;

/// With fewer lossy blocks than these of all, looking at all their rows is a small part of the work.
const LOSSY_SHARE_MIN: f64 = 0.1;

/// Fewer rows than these looked at for nothing are cheap.
const REMOVED_ROWS_MIN: f64 = 1_000.0;

pub(super) struct LossyBitmap;

impl Rule for LossyBitmap {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.node_type() != "Bitmap Heap Scan" {
            return None;
        }
        let (exact, lossy) = heap_blocks(node)?;
        let share = lossy / (exact + lossy);
        let recheck = Reads::counting(node, "Rows Removed by Index Recheck")?;
        if share < LOSSY_SHARE_MIN || recheck.removed < REMOVED_ROWS_MIN {
            return None;
        }
        let filtered = Reads::of(node).map_or(0.0, |reads| reads.removed);
        let what = format!(
            "the bitmap did not fit in memory: of {} blocks {} were known only as a whole ({}), and {} rows of them were looked at for nothing",
            count(exact + lossy),
            count(lossy),
            percent(share),
            count(recheck.removed)
        );
        let advice = "Raise work_mem for this statement (SET LOCAL) until all blocks are exact, or make the condition find fewer rows with \
                      an index on more of its columns.";
        let suspicion = Suspicion::new(Kind::LossyBitmap, node, what, advice)
            .saving(scene.own(node) * recheck.removed / (recheck.read() + filtered))
            .confidence(Confidence::High)
            .evidence("lossy blocks", lossy, Unit::Blocks)
            .evidence("exact blocks", exact, Unit::Blocks)
            .evidence("rows rechecked for nothing", recheck.removed, Unit::Rows);
        Some(suspicion)
    }
}

/// Exact and lossy blocks of all processes; PostgreSQL 18 tells those of the workers apart.
fn heap_blocks(node: &Node) -> Option<(f64, f64)> {
    let all = || std::iter::once(node.fields()).chain(node.workers());
    let sum = |key| all().filter_map(|fields| fields.number(key)).map(|blocks| blocks.max(0.0)).sum::<f64>();
    let (exact, lossy) = (sum("Exact Heap Blocks"), sum("Lossy Heap Blocks"));
    (lossy > 0.0).then_some((exact, lossy))
}
