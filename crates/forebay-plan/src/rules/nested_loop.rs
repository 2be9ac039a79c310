//! The inner side of a nested loop runs very often.

use super::Rule;
use super::estimates::underestimate;
use super::reads::Reads;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count};
use crate::node::Node;

/// Up to here a lookup for each row takes some milliseconds at the most.
const UNEXPECTED_LOOPS_MIN: f64 = 1_000.0;

/// A planner that knew of so many rows and still loops had a reason, or settings that kept it from another join.
const EXPECTED_LOOPS_MIN: f64 = 10_000.0;

/// Comparing each row with each other costs by the pairs, however few rows the outer side has.
const COMPARED_PAIRS_MIN: f64 = 100_000.0;

/// Each row of the inner side is then looked at this often at the least.
const COMPARED_LOOPS_MIN: f64 = 100.0;

/// The outer side was unexpected when it had this many times the rows expected.
const UNEXPECTED_FACTOR_MIN: f64 = 5.0;

/// The loop is what the statement spends its time with, or it is not what to change.
const SHARE_MIN: f64 = 0.3;

/// What reading the inner side once and hashing it leaves of the saving.
const SAVED_UNEXPECTED: f64 = 0.7;
const SAVED_EXPECTED: f64 = 0.5;

pub(super) struct NestedLoop;

impl Rule for NestedLoop {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.node_type() != "Nested Loop" {
            return None;
        }
        let (outer, inner) = scene.sides(node)?;
        let loops = inner.actual()?.loops;
        let factor = underestimate(scene.plan, outer).unwrap_or(1.0);
        let unexpected = factor >= UNEXPECTED_FACTOR_MIN;
        let at_stake = scene.own(node) + scene.inside(inner);
        let compared =
            Reads::counting(node, "Rows Removed by Join Filter").map_or(0.0, |pairs| pairs.removed);
        let least = match unexpected {
            _ if compared >= COMPARED_PAIRS_MIN && is_equality(node) => COMPARED_LOOPS_MIN,
            true => UNEXPECTED_LOOPS_MIN,
            false => EXPECTED_LOOPS_MIN,
        };
        if loops < least || at_stake < scene.whole() * SHARE_MIN || has_no_other_way(scene, node, inner) {
            return None;
        }
        let what = format!(
            "the inner side of a nested loop ({}) ran {} times, once for each row of the outer side ({} were expected)",
            inner.title(),
            count(loops),
            count(outer.plan_rows().unwrap_or(0.0) * outer.actual().map_or(1.0, |actual| actual.loops))
        );
        let advice = "For so many rows a hash or merge join reads the inner side once: that needs an equality between the two sides, \
                      enable_hashjoin on, and estimates that say how many rows come. If the rows of the outer side can be made fewer by a \
                      condition, that comes first.";
        let saved = if unexpected { SAVED_UNEXPECTED } else { SAVED_EXPECTED };
        let suspicion = Suspicion::new(Kind::NestedLoopLargeOuter, node, what, advice)
            .saving(at_stake * saved)
            .confidence(if unexpected { Confidence::High } else { Confidence::Low })
            .evidence("loops", loops, Unit::Count)
            .evidence("pairs compared for nothing", compared, Unit::Rows)
            .evidence("outer rows", outer.rows_total().unwrap_or(0.0), Unit::Rows)
            .evidence("outer rows, factor to those expected", factor, Unit::Factor);
        Some(suspicion)
    }
}

/// A condition that could be hashed: values of both sides are equal.
fn is_equality(node: &Node) -> bool {
    node.fields().text("Join Filter").is_some_and(|filter| filter.contains(" = ") && !filter.contains(" OR "))
}

/// Whether a loop is what was asked for: all pairs, or something that depends on the outer row.
fn has_no_other_way(scene: &Scene<'_>, join: &Node, inner: &Node) -> bool {
    let mut looked_up = inner;
    while matches!(looked_up.node_type(), "Memoize" | "Materialize" | "Subquery Scan") {
        let Some(child) = looked_up.children().first().map(|child| &scene.plan.nodes()[*child]) else {
            break;
        };
        looked_up = child;
    }
    let depends = matches!(
        looked_up.node_type(),
        "Limit"
            | "Function Scan"
            | "Table Function Scan"
            | "Result"
            | "ProjectSet"
            | "Aggregate"
            | "Values Scan"
    );
    let looks_up = ["Index Scan", "Index Only Scan", "Bitmap Heap Scan"].contains(&looked_up.node_type());
    let pairs = inner.rows_total().unwrap_or(0.0);
    let gives_all = join.rows_total().unwrap_or(0.0) >= pairs * 0.5;
    depends || (!looks_up && gives_all)
}
