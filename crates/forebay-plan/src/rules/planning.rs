//! Planning took longer than running.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, milliseconds};
use crate::node::Node;

/// Planning of less is usual for the first statement of a session, which reads the catalogue.
const PLANNING_MS_MIN: f64 = 5.0;

pub(super) struct Planning;

impl Rule for Planning {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.parent().is_some() || !scene.is_timed() {
            return None;
        }
        let (planning, run) = (scene.plan.planning_ms()?, scene.plan.execution_ms()?);
        if planning < PLANNING_MS_MIN || planning < run {
            return None;
        }
        let scans = scene.plan.nodes().iter().filter(|node| node.relation().is_some()).count();
        let what = format!("planning took {}, running {}", milliseconds(planning), milliseconds(run));
        let advice = "Prepare the statement once and run it often: after five runs PostgreSQL may keep one plan for all values \
                      (plan_cache_mode). Of many partitions only those should be planned that a constant condition on the partition key \
                      leaves; of many joins, fewer tables, or a smaller join_collapse_limit for this statement.";
        let suspicion = Suspicion::new(Kind::PlanningOverhead, node, what, advice)
            .saving(planning)
            .confidence(Confidence::Medium)
            .evidence("planning", planning, Unit::Ms)
            .evidence("run", run, Unit::Ms)
            .evidence("scans in the plan", scans as f64, Unit::Count);
        Some(suspicion)
    }
}
