//! An index-only scan that had to look into the table.

use super::Rule;
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, percent};
use crate::node::Node;

/// Fewer looks into the table than these are cheap.
const FETCHES_MIN: f64 = 1_000.0;

/// Autovacuum comes when a fifth of a table has changed (`autovacuum_vacuum_scale_factor`); below that the visibility map is as good as
/// it is meant to be.
const FETCHED_SHARE_MIN: f64 = 0.2;

/// What of the scan's time looking a row up in the table takes; the index is read in either case.
const LOOKUP_SHARE: f64 = 0.6;

pub(super) struct HeapFetches;

impl Rule for HeapFetches {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.node_type() != "Index Only Scan" {
            return None;
        }
        let fetches = node.heap_fetches()? as f64;
        let reads = Reads::of(node)?;
        // Rows that turn out to be deleted are fetched as well and counted nowhere else.
        let share = fetches / reads.read().max(fetches).max(1.0);
        if fetches < FETCHES_MIN || share < FETCHED_SHARE_MIN {
            return None;
        }
        let table = node.relation().unwrap_or("the table");
        let what = format!(
            "an index-only scan looked {} rows up in {table} all the same ({}): their pages are not known to be visible to all",
            count(fetches),
            percent(share)
        );
        let advice = format!(
            "VACUUM {table}, and let autovacuum come more often (autovacuum_vacuum_scale_factor of the table, for tables that only grow \
             autovacuum_vacuum_insert_scale_factor). A transaction that stays open for long keeps pages from becoming visible to all."
        );
        let suspicion = Suspicion::new(Kind::HeapFetches, node, what, advice)
            .saving(scene.own(node) * share * LOOKUP_SHARE)
            .confidence(Confidence::High)
            .evidence("heap fetches", fetches, Unit::Rows)
            .evidence("rows found", reads.read(), Unit::Rows);
        Some(suspicion)
    }
}
