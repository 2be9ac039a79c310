//! An index that was taken for its order, and gives mostly rows that are thrown away before the `LIMIT` is reached.

use super::Rule;
use super::columns;
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count};
use crate::node::Node;

/// Fewer rows than these are read in a millisecond or two.
const READ_ROWS_MIN: f64 = 1_000.0;

/// Reading a few times the rows that are wanted is what an order for nothing is worth.
const READ_FACTOR_MIN: f64 = 20.0;

/// What finding the rows by the condition leaves of the saving.
const SAVED: f64 = 0.9;

pub(super) struct WrongIndex;

impl Rule for WrongIndex {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        let is_index = matches!(node.node_type(), "Index Scan" | "Index Only Scan");
        if !is_index || !is_for_order(node) {
            return None;
        }
        let limit = limit_above(scene, node)?;
        let reads = Reads::of(node)?;
        let input = limit.children().first().map(|child| &scene.plan.nodes()[*child])?;
        let wanted = input.rows_total()?.max(1.0);
        if reads.read() < READ_ROWS_MIN || reads.read() < wanted * READ_FACTOR_MIN {
            return None;
        }
        let (table, index) = (node.relation().unwrap_or("the table"), node.index().unwrap_or("an index"));
        let condition = node.filter().map(columns::list).filter(|columns| !columns.is_empty());
        let what = format!(
            "{table} is read in the order of {index} until the LIMIT is reached: {} rows for {}",
            count(reads.read()),
            count(wanted)
        );
        let advice = format!(
            "An index on {table} with the columns of the condition first{}, then those of ORDER BY, finds the wanted rows at once and in order. \
             Without it, an expression in ORDER BY (id + 0) keeps the planner from this index, if finding all rows and sorting them is cheap.",
            condition.map(|columns| format!(" ({columns})")).unwrap_or_default()
        );
        let suspicion = Suspicion::new(Kind::WrongIndexForOrder, node, what, advice)
            .saving(scene.inside(limit) * (1.0 - wanted / reads.read()) * SAVED)
            .confidence(if node.filter().is_some() { Confidence::High } else { Confidence::Medium })
            .evidence("rows read", reads.read(), Unit::Rows)
            .evidence("rows wanted", wanted, Unit::Rows)
            .evidence("rows expected of the scan", node.plan_rows().unwrap_or(0.0), Unit::Rows);
        Some(suspicion)
    }
}

/// Whether nothing is looked up in the index: `IS NOT NULL` is what `min` and `max` put there.
fn is_for_order(node: &Node) -> bool {
    node.index_cond().is_none_or(|cond| cond.ends_with("IS NOT NULL)") && !cond.contains(" AND "))
}

/// The `LIMIT` above with nothing between that needs all rows.
fn limit_above<'a>(scene: &Scene<'a>, node: &Node) -> Option<&'a Node> {
    let mut below = scene.plan.nodes().get(node.id())?;
    for above in scene.plan.ancestors(node) {
        let passes = match above.node_type() {
            "Limit" => return Some(above),
            "Nested Loop" => below.relationship() == Some("Outer"),
            "Result" | "Subquery Scan" | "LockRows" | "Merge Append" | "Gather Merge"
            | "Incremental Sort" => !below.is_subplan(),
            _ => false,
        };
        if !passes {
            return None;
        }
        below = above;
    }
    None
}
