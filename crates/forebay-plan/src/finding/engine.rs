//! From a plan to its findings.

use super::{Circumstances, Finding, Scene, Suspicion, causes};
use crate::plan::Plan;
use crate::rules;

/// A saving below this many milliseconds is none: it is what one round trip to a database in another zone takes.
const SAVING_MS_MIN: f64 = 1.0;

/// A saving below this cost is none. The unit is one page read in sequence (`seq_page_cost`): 2 MB, about a millisecond.
const SAVING_COST_MIN: f64 = 250.0;

/// A saving below this part of the whole is none: it would not be noticed in the statement's own variation from run to run.
const SAVING_SHARE_MIN: f64 = 0.1;

/// Suspicions that are compared with each other, the dearest first. A plan has a handful; this bounds what a made-up one can cost.
const SUSPICIONS_MAX: usize = 200;

/// What is wrong in a plan, the weightiest first. Nothing for a plan that is cheap, whatever its shape.
///
/// ```
/// let plans = forebay_plan::read(
///     "Seq Scan on orders  (cost=0.00..2084.00 rows=10 width=8) (actual time=0.010..9.500 rows=10 loops=1)
///   Filter: (user_id = 7)
///   Rows Removed by Filter: 99990
/// ",
/// )?;
/// let findings = forebay_plan::findings(&plans[0]);
/// assert_eq!(findings[0].kind.id(), "sequential-scan-discards-rows");
/// assert_eq!(findings[0].node, 0);
/// # Ok::<_, forebay_plan::ReadError>(())
/// ```
#[must_use]
pub fn findings(plan: &Plan) -> Vec<Finding> {
    findings_with(plan, &Circumstances::default())
}

/// As [`findings`], where more is known than the plan: statistics of tables, and which columns of the result were used.
#[must_use]
pub fn findings_with(plan: &Plan, circumstances: &Circumstances) -> Vec<Finding> {
    let scene = Scene::new(plan, circumstances);
    if is_cheap(&scene) {
        return Vec::new();
    }
    let mut suspicions: Vec<Suspicion> =
        plan.nodes().iter().flat_map(|node| rules::check(&scene, node)).collect();
    suspicions.retain(|suspicion| suspicion.saving.is_none_or(|saving| is_worth_it(&scene, saving)));
    weightiest_first(&mut suspicions);
    suspicions.truncate(SUSPICIONS_MAX);
    let mut causes = causes::only(&scene, &suspicions);
    weightiest_first(&mut causes);
    causes.into_iter().map(|suspicion| suspicion.into_finding(&scene)).collect()
}

fn is_cheap(scene: &Scene<'_>) -> bool {
    let run = scene.plan.execution_ms().map(|run| run + scene.plan.planning_ms().unwrap_or(0.0));
    // With `TIMING OFF` the whole is timed all the same.
    let call = scene.circumstances.call.filter(|_| !scene.plan.is_analyzed()).map(|call| call.took_ms);
    let is_short = run.or(call).is_some_and(|run| run < SAVING_MS_MIN);
    is_short || scene.whole() < if scene.is_timed() { SAVING_MS_MIN } else { SAVING_COST_MIN }
}

fn is_worth_it(scene: &Scene<'_>, saving: f64) -> bool {
    let least = if scene.is_timed() { SAVING_MS_MIN } else { SAVING_COST_MIN };
    saving >= least && saving >= scene.whole() * SAVING_SHARE_MIN
}

fn weightiest_first(suspicions: &mut [Suspicion]) {
    suspicions.sort_by(|a, b| {
        let weight = |suspicion: &Suspicion| suspicion.saving.unwrap_or(0.0);
        weight(b).total_cmp(&weight(a)).then(b.confidence.cmp(&a.confidence)).then(a.node.cmp(&b.node))
    });
}
