//! Far more rows came than were expected, and the plan was made for those expected.

use super::Rule;
use super::columns;
use super::estimates::underestimate;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count};
use crate::node::Node;
use crate::plan::Plan;

/// Estimates are right within a small factor for what statistics can tell; ten times as many rows make another plan the best one.
const FACTOR_MIN: f64 = 10.0;

/// Few rows are few, whatever was expected.
const ROWS_MIN: f64 = 100.0;

/// What takes less of the whole than this would not be better by much in another way.
const SHARE_MIN: f64 = 0.2;

pub(super) struct Misestimate;

impl Rule for Misestimate {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if !scene.is_far_off(node) || follows_from_another(scene, node) {
            return None;
        }
        let factor = underestimate(scene.plan, node)?;
        let actual = node.actual()?;
        let expected = node.plan_rows()?;
        let title = node.title();
        let what = format!(
            "{title} gave {} rows{}, {} were expected: {} times as many, and the plan above it was made for those expected",
            count(actual.rows),
            if actual.loops > 1.0 { " in each run" } else { "" },
            count(expected),
            count(factor)
        );
        let suspicion = Suspicion::new(Kind::Misestimate, node, what, advice(node))
            .confidence(Confidence::Low)
            .evidence("rows", actual.rows, Unit::Rows)
            .evidence("rows expected", expected, Unit::Rows)
            .evidence("factor", factor, Unit::Factor)
            .evidence("loops", actual.loops, Unit::Count);
        Some(if decides_something(scene, node) { suspicion } else { suspicion.only_as_cause() })
    }
}

/// Whether far more rows came than were expected, and many.
pub(crate) fn is_far_off(plan: &Plan, node: &Node) -> bool {
    let rows = || Some((node.actual()?, node.plan_rows()?));
    underestimate(plan, node).is_some_and(|factor| factor >= FACTOR_MIN)
        && rows().is_some_and(|(actual, expected)| (actual.rows - expected) * actual.loops >= ROWS_MIN)
}

/// Whether a node under it, or the common table it reads, is off already.
fn follows_from_another(scene: &Scene<'_>, node: &Node) -> bool {
    scene.is_far_off_under(node) || scene.table_read(node).is_some_and(|table| scene.is_far_off(table))
}

/// Whether the plan would have gone on in another way, and that takes time: an index that was chosen for few rows, a loop over them, a
/// hash table made of the larger side.
fn decides_something(scene: &Scene<'_>, node: &Node) -> bool {
    let matters = |amount: f64| amount >= scene.whole() * SHARE_MIN;
    let mut below = node;
    for above in scene.plan.ancestors(node) {
        if let Some((outer, inner)) = scene.sides(above) {
            let from_outer = below.relationship() == Some("Outer");
            let larger = inner.rows_total() > outer.rows_total();
            let harmed = match above.node_type() {
                "Nested Loop" => from_outer,
                "Hash Join" => !from_outer && larger,
                _ => false,
            };
            if harmed && matters(scene.own(above) + scene.inside(inner)) {
                return true;
            }
        }
        below = above;
    }
    node.node_type() == "Index Scan" && matters(scene.own(node))
}

fn advice(node: &Node) -> String {
    let condition: Vec<&str> = node.conditions().map(|(_, condition)| condition).collect();
    let columns = columns::columns(&condition.join(" AND "));
    match (node.node_type(), node.relation(), columns.len()) {
        (_, Some(table), 2..) => format!(
            "The planner takes the conditions on {} for independent. CREATE STATISTICS on these columns of {table} together (dependencies, \
             mcv), then ANALYZE {table}.",
            columns.join(", ")
        ),
        (_, Some(table), _) => format!(
            "ANALYZE {table}; if that does not help, more detailed statistics (ALTER TABLE … ALTER COLUMN … SET STATISTICS), and for a \
             condition that computes something, statistics on that expression (CREATE STATISTICS)."
        ),
        ("Aggregate" | "Group" | "Unique", ..) => {
            "CREATE STATISTICS (ndistinct) on the grouped columns together tells the planner how many groups there are.".to_owned()
        }
        ("Function Scan", ..) => {
            "The planner knows nothing of what a function returns: say it with ROWS in CREATE FUNCTION, or put the rows into a temporary \
             table and ANALYZE it."
                .to_owned()
        }
        _ => "The inputs were estimated well, the join was not: the values of the two sides depend on each other in a way statistics do not \
              tell. A foreign key between them helps where there is one; else materialise the part that is well known first (WITH … AS \
              MATERIALIZED, or a temporary table with ANALYZE)."
            .to_owned(),
    }
}
