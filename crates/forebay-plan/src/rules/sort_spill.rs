//! A sort that did not fit in memory.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, size_kb};
use crate::json::{Object, Value};
use crate::node::Node;

/// What of a sort's own time going to disk and back takes: the comparisons stay.
const SPILLED_SHARE: f64 = 0.5;

/// What a sort takes in memory for each kilobyte on disk, where rows are stored closer.
const MEMORY_FOR_DISK: f64 = 3.0;

pub(super) struct SortSpill;

impl Rule for SortSpill {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if !matches!(node.node_type(), "Sort" | "Incremental Sort") {
            return None;
        }
        let disk_kb = on_disk_kb(node)?;
        let what = format!("a sort did not fit in memory and wrote {} to temporary files", size_kb(disk_kb));
        let advice = format!(
            "An index that gives the rows in this order needs no sort; fewer or narrower columns take less room. Else raise work_mem for \
             this statement (SET LOCAL): about {} would hold it. work_mem counts for each sort and hash of each session and worker.",
            size_kb(disk_kb * MEMORY_FOR_DISK)
        );
        let suspicion = Suspicion::new(Kind::SortSpill, node, what, advice)
            .saving(scene.own(node) * SPILLED_SHARE)
            .confidence(Confidence::High)
            .evidence("on disk", disk_kb, Unit::Kilobytes);
        Some(match node.rows_total() {
            Some(rows) => suspicion.evidence("rows sorted", rows, Unit::Rows),
            None => suspicion,
        })
    }
}

/// Of all processes; none when it all fitted.
fn on_disk_kb(node: &Node) -> Option<f64> {
    let sorts = node.sorts().filter(|sort| sort.on_disk).map(|sort| sort.space_kb as f64);
    let groups = ["Full-sort Groups", "Pre-sorted Groups"].into_iter();
    let groups = groups.filter_map(|key| node.fields().get(key).and_then(Value::object));
    let in_groups = groups
        .filter_map(|groups| groups.get("Sort Space Disk").and_then(Value::object))
        .filter_map(|space: &Object| space.number("Peak Sort Space Used"));
    let disk: Vec<f64> = sorts.chain(in_groups).collect();
    (!disk.is_empty()).then(|| disk.iter().sum::<f64>().max(0.0))
}
