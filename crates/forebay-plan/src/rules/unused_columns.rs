//! Columns that are fetched and not used.

use super::Rule;
use crate::finding::{Confidence, Kind, ResultColumn, Scene, Suspicion, Unit, count, percent, size_kb};
use crate::node::Node;

/// What a millisecond carries at a gigabit each second. Less is not worth another list of columns.
const UNUSED_KB_MIN: f64 = 128.0;

/// A few bytes of each row are not either.
const UNUSED_SHARE_MIN: f64 = 0.3;

/// Names that are told.
const SHOWN_MAX: usize = 6;

pub(super) struct UnusedColumns;

impl Rule for UnusedColumns {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        let columns = &scene.circumstances.columns;
        if node.parent().is_some() || !columns.iter().any(|column| !column.used) {
            return None;
        }
        let rows = node.rows_total().or(node.plan_rows())?;
        let width = node.fields().number("Plan Width")?;
        let share = unused_share(columns);
        let unused_kb = rows * width * share / 1024.0;
        if unused_kb < UNUSED_KB_MIN || share < UNUSED_SHARE_MIN {
            return None;
        }
        let names: Vec<&str> =
            columns.iter().filter(|column| !column.used).map(|column| column.name.as_str()).collect();
        let shown = names.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
        let more = if names.len() > SHOWN_MAX { ", …" } else { "" };
        let what = format!(
            "{} of {} columns of the result are never looked at ({shown}{more}): {} of {} rows",
            names.len(),
            columns.len(),
            percent(share),
            count(rows)
        );
        let advice = format!(
            "Select the columns that are used. That saves {} on the way, lets an index that has them all answer alone, and leaves large \
             values where they are stored.",
            size_kb(unused_kb)
        );
        let suspicion = Suspicion::new(Kind::UnusedColumns, node, what, advice)
            .confidence(Confidence::Medium)
            .evidence("columns unused", names.len() as f64, Unit::Count)
            .evidence("columns", columns.len() as f64, Unit::Count)
            .evidence("unused", unused_kb, Unit::Kilobytes)
            .evidence("rows", rows, Unit::Rows);
        Some(suspicion)
    }
}

/// The part of a row's bytes that is not used; where the columns' widths are not all known, each counts alike.
fn unused_share(columns: &[ResultColumn]) -> f64 {
    let known = columns.iter().all(|column| column.bytes_average.is_some());
    let bytes = |column: &ResultColumn| match column.bytes_average {
        Some(bytes) if known && bytes.is_finite() => bytes.max(0.0),
        _ => 1.0,
    };
    let all: f64 = columns.iter().map(bytes).sum();
    let unused: f64 = columns.iter().filter(|column| !column.used).map(bytes).sum();
    if all > 0.0 { unused / all } else { 0.0 }
}
