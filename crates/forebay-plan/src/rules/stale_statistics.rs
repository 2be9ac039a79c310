//! The planner's statistics of a table are old.

use super::Rule;
use super::estimates::{only_column, overestimate, underestimate};
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, TableStatistics, Unit, count};
use crate::node::Node;

/// Without a condition, rows are reckoned from the table's size; what is three times off was reckoned from another table.
const BARE_FACTOR_MIN: f64 = 3.0;

/// Where the table is known to have changed, a condition that is off by this is off because of that.
const CHANGED_FACTOR_MIN: f64 = 3.0;

/// A comparison of one column with a constant is told by that column's statistics.
const COLUMN_FACTOR_MIN: f64 = 10.0;

/// A value that this part of the rows has stands in the statistics of a column: they keep its hundred commonest values
/// (`default_statistics_target`), and a hundred bounds that part the rest.
const COMMON_SHARE_MIN: f64 = 0.02;

/// Few rows are few, whatever was expected.
const ROWS_MIN: f64 = 1_000.0;

/// Autovacuum analyses a table when these many rows (`autovacuum_analyze_threshold`) …
const CHANGED_ROWS_MIN: f64 = 50.0;

/// … and this part of all (`autovacuum_analyze_scale_factor`) have changed.
const CHANGED_SHARE_MIN: f64 = 0.1;

pub(super) struct StaleStatistics;

impl Rule for StaleStatistics {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        let table = node.relation().filter(|_| is_scan(node))?;
        let factor = off_by(scene, node)?;
        let known = scene.statistics(node);
        let (why, confidence) = match known {
            Some(known) if has_changed(known) && factor >= CHANGED_FACTOR_MIN => {
                (changes(known), Confidence::High)
            }
            // What is known to be up to date is not old.
            Some(known) if known.was_analyzed => return None,
            _ => (by_plan(scene, node, factor)?, Confidence::Medium),
        };
        let actual = node.actual()?;
        let expected = node.plan_rows()?;
        let what = format!(
            "the statistics of {table} are old: {} rows were expected, {} came; {why}",
            count(expected),
            count(actual.rows)
        );
        let advice = format!(
            "ANALYZE {table}. After loading much at once do it by hand; for a table that changes fast let autovacuum analyse it more often \
             (autovacuum_analyze_scale_factor of that table)."
        );
        let mut suspicion = Suspicion::new(Kind::StaleStatistics, node, what, advice)
            .confidence(confidence)
            .evidence("rows", actual.rows, Unit::Rows)
            .evidence("rows expected", expected, Unit::Rows)
            .evidence("factor", factor, Unit::Factor);
        if let Some(known) = known {
            suspicion = suspicion.evidence("rows when analysed", known.rows.max(0.0), Unit::Rows).evidence(
                "rows changed since",
                known.modified_since_analyze as f64,
                Unit::Rows,
            );
        }
        Some(suspicion)
    }
}

fn is_scan(node: &Node) -> bool {
    matches!(node.node_type(), "Seq Scan" | "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan")
}

/// In either direction.
fn off_by(scene: &Scene<'_>, node: &Node) -> Option<f64> {
    let actual = node.actual()?;
    let rows = (actual.rows - node.plan_rows()?).abs() * actual.loops;
    let more = underestimate(scene.plan, node).unwrap_or(1.0);
    let fewer = overestimate(scene.plan, node).unwrap_or(1.0);
    (rows >= ROWS_MIN).then_some(more.max(fewer))
}

/// What of the plan alone says that the statistics are old.
fn by_plan(scene: &Scene<'_>, node: &Node, factor: f64) -> Option<String> {
    if node.conditions().next().is_none() {
        // A scan that several processes share has an estimate for as many as were planned.
        let shared = node.is_parallel();
        return (factor >= BARE_FACTOR_MIN && !shared)
            .then(|| "without a condition that is the size of the table".to_owned());
    }
    let column = only_column(node).filter(|_| factor >= COLUMN_FACTOR_MIN && !scene.is_generic())?;
    let reads = Reads::of(node)?;
    let is_common = node.node_type() == "Seq Scan" && reads.kept_share() >= COMMON_SHARE_MIN;
    let came_more = underestimate(scene.plan, node).is_some_and(|factor| factor >= COLUMN_FACTOR_MIN);
    let told = came_more && (is_common || node.node_type() != "Seq Scan");
    told.then(|| format!("so common a value of {column} would stand in fresh statistics"))
}

fn has_changed(known: &TableStatistics) -> bool {
    let changed = known.modified_since_analyze as f64;
    !known.was_analyzed
        || known.rows < 0.0
        || changed >= CHANGED_ROWS_MIN + CHANGED_SHARE_MIN * known.rows.max(0.0)
}

fn changes(known: &TableStatistics) -> String {
    if !known.was_analyzed || known.rows < 0.0 {
        return "the table was never analysed".to_owned();
    }
    format!(
        "{} rows changed since it was analysed with {}",
        count(known.modified_since_analyze as f64),
        count(known.rows)
    )
}
