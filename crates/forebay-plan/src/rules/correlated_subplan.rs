//! A subquery that runs again for each row.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count};
use crate::node::Node;

/// A subquery that runs for fewer rows than this is as good as a join.
const LOOPS_MIN: f64 = 100.0;

/// What a join leaves of the saving: it reads the same table once.
const SAVED: f64 = 0.8;

pub(super) struct CorrelatedSubplan;

impl Rule for CorrelatedSubplan {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.relationship() != Some("SubPlan") {
            return None;
        }
        let (loops, at_stake) = match node.actual() {
            Some(actual) => (actual.loops, scene.inside(node)),
            None => expected(scene, node)?,
        };
        if loops < LOOPS_MIN {
            return None;
        }
        let name = node.subplan_name().unwrap_or("a subquery");
        let what = format!("{name} ({}) runs again for each of {} rows", node.title(), count(loops));
        let advice = "As a join it runs once: a scalar subquery becomes a LEFT JOIN with GROUP BY (or LATERAL), IN and EXISTS become a \
                      semi-join where they stand alone in WHERE, NOT IN becomes NOT EXISTS (which differs where there are NULLs). Where it \
                      has to stay, an index on the columns it compares with makes each run short.";
        let suspicion = Suspicion::new(Kind::CorrelatedSubplan, node, what, advice)
            .saving(at_stake * SAVED)
            .confidence(Confidence::High)
            .evidence("runs", loops, Unit::Count);
        Some(suspicion)
    }
}

/// Runs, and what they cost. The node above has in its cost what all runs cost, and this one has one run; a subplan that is hashed or
/// kept costs the node above next to nothing.
fn expected(scene: &Scene<'_>, node: &Node) -> Option<(f64, f64)> {
    let parent = &scene.plan.nodes()[node.parent()?];
    let (one, paid) = (node.total_cost().filter(|cost| *cost > 0.0)?, scene.own(parent));
    let runs = paid / one;
    let rows = parent.plan_rows()?;
    // A filter runs it for more rows than it keeps.
    let is_run_for_each = runs >= rows * 0.5 || (parent.filter().is_some() && runs >= LOOPS_MIN);
    is_run_for_each.then_some((runs, paid))
}
