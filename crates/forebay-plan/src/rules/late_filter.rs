//! A condition that is only looked at after a join.

use super::Rule;
use super::columns;
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, percent};
use crate::node::Node;

/// Where more of the joined rows are kept, joining them was not in vain.
const KEPT_SHARE_MAX: f64 = 0.1;

/// Fewer rows than these are joined in vain cheaply.
const REMOVED_ROWS_MIN: f64 = 1_000.0;

/// What finding the rows before the join leaves of the saving.
const SAVED: f64 = 0.7;

pub(super) struct LateFilter;

impl Rule for LateFilter {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if !matches!(node.node_type(), "Nested Loop" | "Hash Join" | "Merge Join") {
            return None;
        }
        let (condition, reads) = across(node).or_else(|| above(node))?;
        if reads.kept_share() > KEPT_SHARE_MAX || reads.removed < REMOVED_ROWS_MIN {
            return None;
        }
        let columns = columns::list(condition);
        let has_or = condition.contains(" OR ");
        let what = format!(
            "a condition on {columns} is only looked at after a join: of {} joined rows {} are kept ({})",
            count(reads.read()),
            count(reads.kept),
            percent(reads.kept_share())
        );
        let advice = if has_or {
            "No index can answer an OR between the columns of two tables. Write one query for each side of the OR, each of which can use an \
             index, and put them together with UNION, which also takes out rows that both found: UNION ALL would keep those twice."
        } else {
            "The condition is on the side of an outer join that may be missing, so it waits for the join. If rows without a partner are \
             not wanted anyway, make it an inner join, or put the condition on the plain column, so that it is looked at first and an index \
             can take it."
        };
        let suspicion = Suspicion::new(Kind::LateFilter, node, what, advice)
            .saving(scene.inside(node) * (1.0 - reads.kept_share()) * SAVED)
            .confidence(Confidence::Medium)
            .evidence("rows joined", reads.read(), Unit::Rows)
            .evidence("rows kept", reads.kept, Unit::Rows);
        Some(suspicion)
    }
}

/// An `OR` over both sides of an inner join. Other conditions over both sides are what the join is.
fn across(node: &Node) -> Option<(&str, Reads)> {
    let condition = node.fields().text("Join Filter").filter(|filter| is_or_of_values(filter))?;
    let inner = matches!(node.join_type(), Some("Inner") | None);
    Some((condition, Reads::counting(node, "Rows Removed by Join Filter").filter(|_| inner)?))
}

/// `(a.x = 1) OR (b.y = 2)`, not `(a.x = b.y) OR (a.x = b.z)`: an index can only look up what is known before the join.
fn is_or_of_values(filter: &str) -> bool {
    let plain = columns::without_literals(filter);
    let alternatives: Vec<&str> = plain.split(" OR ").collect();
    alternatives.len() > 1 && alternatives.iter().all(|part| columns::tables(part) <= 1)
}

/// A condition on the result of an outer join. That there is no partner can only be seen after it.
fn above(node: &Node) -> Option<(&str, Reads)> {
    let condition = node.filter()?;
    let waits = condition.contains("IS NULL") && !condition.contains(" OR ");
    let is_outer = matches!(node.join_type(), Some("Left" | "Right" | "Full"));
    let asks = is_outer && !waits && !condition.contains("SubPlan ");
    asks.then(|| Reads::of(node)).flatten().map(|reads| (condition, reads))
}
