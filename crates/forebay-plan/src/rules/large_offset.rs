//! Rows that are computed to be skipped.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count};
use crate::node::Node;

/// Fewer rows than these are skipped in a millisecond.
const SKIPPED_ROWS_MIN: f64 = 1_000.0;

/// Where less is skipped than this part of what is computed, most of the work is for rows that are wanted.
const SKIPPED_SHARE_MIN: f64 = 0.8;

/// What finding the place by a key leaves of the saving.
const SAVED: f64 = 0.9;

pub(super) struct LargeOffset;

impl Rule for LargeOffset {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.node_type() != "Limit" {
            return None;
        }
        let limit = scene.plan.nodes().get(node.id())?;
        let input = scene.inputs(limit).next()?;
        let (computed, skipped, confidence) = match (input.rows_total(), limit.rows_total()) {
            (Some(computed), Some(given)) => (computed, computed - given, Confidence::High),
            _ => expected(limit, input)?,
        };
        let share = skipped / computed.max(1.0);
        if skipped < SKIPPED_ROWS_MIN || share < SKIPPED_SHARE_MIN {
            return None;
        }
        let what =
            format!("{} rows are computed, and {} of them skipped (OFFSET)", count(computed), count(skipped));
        let advice = "Go on from the last row of the page before instead of counting rows: WHERE (sort columns) > (its values) ORDER BY … \
                      LIMIT …, with an index on the sort columns and a unique column last. It also does not miss rows, or show them \
                      twice, when others come in between.";
        let suspicion = Suspicion::new(Kind::LargeOffset, node, what, advice)
            .saving(scene.inside(node) * share * SAVED)
            .confidence(confidence)
            .evidence("rows computed", computed, Unit::Rows)
            .evidence("rows skipped", skipped, Unit::Rows);
        Some(suspicion)
    }
}

/// The cost before the first row is that of the rows that are skipped.
fn expected(limit: &Node, input: &Node) -> Option<(f64, f64, Confidence)> {
    let (first, input_first) = (limit.startup_cost()?, input.startup_cost()?);
    let all = input.total_cost()? - input_first;
    if limit.actual().is_some() || all <= 0.0 {
        return None;
    }
    let skipped = ((first - input_first) / all).clamp(0.0, 1.0) * input.plan_rows()?;
    Some((skipped + limit.plan_rows()?, skipped, Confidence::Low))
}
