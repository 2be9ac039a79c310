//! A sequential scan that throws most of what it reads away.

use super::Rule;
use super::columns;
use super::estimates;
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, percent};
use crate::node::Node;

/// Up to this part of the rows an index is cheaper than reading all: rows that lie apart cost a page each at `random_page_cost` 4, where
/// a page read in sequence gives dozens. Above it the planner prefers the scan itself, index or not.
const KEPT_SHARE_MAX: f64 = 0.05;

/// Rows that lie anywhere in the table are on so many of its pages that an index would have to read this part of them: not worth it.
const PAGES_SHARE_MAX: f64 = 0.5;

/// Fewer rows than these thrown away are no reason for an index: a table of some pages is read whole in either case.
const REMOVED_ROWS_MIN: f64 = 2_000.0;

pub(super) struct SequentialScan;

impl Rule for SequentialScan {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        let scans = scans(scene, node);
        let dearest = scans.iter().copied().reduce(|a, b| if scene.own(b) > scene.own(a) { b } else { a })?;
        let (node, condition) = (dearest, discarding(dearest)?);
        if !scene.plan.is_analyzed() {
            return by_estimate(scene, node, condition);
        }
        let reads = scans.iter().filter_map(|scan| Reads::of(scan)).reduce(Reads::plus)?;
        if reads.kept_share() > KEPT_SHARE_MAX || reads.removed < REMOVED_ROWS_MIN {
            return None;
        }
        let pages_share = pages_share(scene, &scans, reads.kept);
        if pages_share > PAGES_SHARE_MAX {
            return None;
        }
        let own: f64 = scans.iter().map(|scan| scene.own(scan)).sum();
        let loops = node.actual().map_or(1.0, |actual| actual.loops);
        let times = match loops > 1.0 && !node.is_parallel() {
            true => format!(" in {} runs", count(loops)),
            false => String::new(),
        };
        let table = node.relation().unwrap_or("a table");
        let what = format!(
            "{table} is read whole{times}: of {} rows {} are kept ({})",
            count(reads.read()),
            count(reads.kept),
            percent(reads.kept_share())
        );
        let mut suspicion =
            Suspicion::new(Kind::SequentialScanDiscardsRows, node, what, advice(table, condition))
                .saving(own * (1.0 - reads.kept_share().max(pages_share)))
                .confidence(confidence(condition))
                .evidence("rows read", reads.read(), Unit::Rows)
                .evidence("rows kept", reads.kept, Unit::Rows)
                .evidence("rows thrown away", reads.removed, Unit::Rows);
        if scans.len() > 1 {
            suspicion = suspicion.evidence("partitions", scans.len() as f64, Unit::Count);
        }
        Some(suspicion)
    }
}

/// The condition of a sequential scan, where an index could do something about it: not one that runs a subquery for each row.
fn discarding(node: &Node) -> Option<&str> {
    let condition = node.filter().filter(|_| node.node_type() == "Seq Scan")?;
    (!condition.contains("SubPlan ") && !columns::columns(condition).is_empty()).then_some(condition)
}

/// The scans of all partitions of a table, at the node above them; the scan itself where it has none. None below such a node: there they
/// are looked at together.
fn scans<'a>(scene: &Scene<'a>, node: &Node) -> Vec<&'a Node> {
    let gathers = |node: &Node| matches!(node.node_type(), "Append" | "Merge Append");
    let node = &scene.plan.nodes()[node.id()];
    let parent = node.parent().map(|parent| &scene.plan.nodes()[parent]);
    if parent.is_some_and(gathers) {
        return Vec::new();
    }
    if gathers(node) {
        return scene.plan.children(node).filter(|scan| discarding(scan).is_some()).collect();
    }
    discarding(node).map(|_| node).into_iter().collect()
}

/// The part of the tables' pages that have one of the rows kept, where these lie anywhere; 0 where the number of pages is not known.
///
/// Of `P` pages, `k` rows leave each empty with (1 - 1/P)^k, which is e^(-k/P).
fn pages_share(scene: &Scene<'_>, scans: &[&Node], kept: f64) -> f64 {
    let runs = |scan: &Node| scan.actual().map_or(1.0, |actual| actual.loops).max(1.0);
    let pages = |scan: &&Node| -> f64 {
        let table = scene.statistics(scan);
        match scan.buffers() {
            Some(buffers) => buffers.touched() as f64,
            // The processes of a parallel scan read the table once together, the runs of another one each.
            None if scan.is_parallel() => table.map_or(0.0, |table| table.pages as f64),
            None => table.map_or(0.0, |table| table.pages as f64 * runs(scan)),
        }
    };
    let pages: f64 = scans.iter().map(pages).sum();
    if pages > 0.0 { 1.0 - (-kept / pages).exp() } else { 0.0 }
}

/// Without the table's statistics: a page read in sequence costs 1 (`seq_page_cost`) and its rows less than that, so the cost is at least
/// the number of pages, and a table has no fewer rows than pages.
fn by_estimate(scene: &Scene<'_>, node: &Node, condition: &str) -> Option<Suspicion> {
    let (cost, expected) = (node.total_cost()?, estimates::rows_of_all_processes(scene, node)?);
    let came = estimates::rows_of_call(scene, node);
    let kept = came.unwrap_or(expected);
    let table = node.relation().unwrap_or("a table");
    let known = scene.statistics(node);
    let rows = known.map(|table| table.rows).filter(|rows| *rows > 0.0);
    let read = rows.unwrap_or(cost);
    if kept > read * KEPT_SHARE_MAX || read < REMOVED_ROWS_MIN {
        return None;
    }
    let pages_share = pages_share(scene, &[node], kept);
    if pages_share > PAGES_SHARE_MAX {
        return None;
    }
    let whole = rows.map_or(String::new(), |rows| format!(" ({} rows)", count(rows)));
    let what = match came {
        Some(came) => format!("{table} is read whole{whole} for {} rows", count(came)),
        None => format!("{table} is to be read whole{whole} for {} rows", count(expected)),
    };
    let mut suspicion =
        Suspicion::new(Kind::SequentialScanDiscardsRows, node, what, advice(table, condition))
            .saving(scene.own(node) * (1.0 - (kept / read).max(pages_share)))
            .confidence(Confidence::Low)
            .evidence("rows expected", expected, Unit::Rows)
            .evidence("cost", cost, Unit::Cost);
    if let Some(rows) = rows {
        suspicion = suspicion.evidence("rows of the table", rows, Unit::Rows);
    }
    if let Some(came) = came {
        suspicion = suspicion.evidence("rows of the call", came, Unit::Rows);
    }
    if let Some(call) = scene.circumstances.call {
        suspicion = suspicion.evidence("the call took", call.took_ms, Unit::Ms);
    }
    Some(suspicion)
}

/// Whether a b-tree can answer the condition is not for a plan to say; these are the usual reasons that it cannot.
fn confidence(condition: &str) -> Confidence {
    let needs_another_index = ["~~", " ~ ", "@>", " OR ", "<>"].iter().any(|sign| condition.contains(sign));
    if needs_another_index { Confidence::Medium } else { Confidence::High }
}

fn advice(table: &str, condition: &str) -> String {
    format!(
        "An index on {table} ({}) would find these rows; equality first, then ranges. A condition that computes with a column needs an \
         index on that expression, a pattern that begins with a wildcard a trigram index.",
        columns::list(condition)
    )
}
