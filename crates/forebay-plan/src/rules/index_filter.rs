//! An index that finds many rows of which a filter keeps few.

use super::Rule;
use super::columns;
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, percent};
use crate::node::Node;

/// An index is good enough while it finds no more than five times what is needed: fetching a row costs a few times what finding it does.
const KEPT_SHARE_MAX: f64 = 0.2;

/// Fewer rows than these thrown away are cheap, whatever the share.
const REMOVED_ROWS_MIN: f64 = 1_000.0;

pub(super) struct IndexFilter;

impl Rule for IndexFilter {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        let is_lookup = matches!(node.node_type(), "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan");
        let condition = node.filter().filter(|filter| is_lookup && !filter.contains("SubPlan "))?;
        let reads = Reads::of(node)?;
        if reads.kept_share() > KEPT_SHARE_MAX || reads.removed < REMOVED_ROWS_MIN {
            return None;
        }
        let table = node.relation().unwrap_or("the table");
        let index = node.index().or_else(|| scene.plan.children(node).find_map(Node::index));
        let what = format!(
            "the index {} finds {} rows of {table}, of which a filter keeps {} ({})",
            index.unwrap_or("that is used"),
            count(reads.read()),
            count(reads.kept),
            percent(reads.kept_share())
        );
        let advice = format!(
            "An index that has the filter's columns ({}) beside those it is searched by finds only what is kept. A condition that is always \
             the same can be the WHERE of a partial index.",
            columns::list(condition)
        );
        let suspicion = Suspicion::new(Kind::IndexScanFiltersRows, node, what, advice)
            .saving(scene.own(node) * (1.0 - reads.kept_share()))
            .confidence(Confidence::High)
            .evidence("rows found", reads.read(), Unit::Rows)
            .evidence("rows kept", reads.kept, Unit::Rows)
            .evidence("rows thrown away", reads.removed, Unit::Rows);
        Some(suspicion)
    }
}
