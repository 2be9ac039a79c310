//! What is told of plans: without values.

use super::{Skipped, flip::Flip, history::History};
use crate::{
    finding::{Finding, findings_with},
    plan::Plan,
};
use forebay_pool::Role;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// The plan of a statement's slow call, and what is wrong in it. Values stand nowhere in it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PlanReport {
    /// The planner's plan for the values of that call, with `$?` for each literal; compact JSON when serialised.
    #[serde(serialize_with = "as_json")]
    pub plan: Arc<Plan>,
    /// What the planner expects it to cost.
    pub cost: f64,
    /// Milliseconds the call had taken.
    pub took_ms: f64,
    /// Whether a replica planned it.
    pub by_replica: bool,
    /// What is wrong in it, the weightiest first, judged with the statistics of its tables and with what the call gave and took; then
    /// [`plan-flip`](crate::Kind::PlanFlip), if the same values had a cheaper plan before.
    pub findings: Vec<Finding>,
    /// The plan for any values, if there are parameters and it was asked for.
    pub generic: Option<GenericPlan>,
    /// Times the planner was asked.
    pub planned: u64,
    /// Different plans seen, of those that are remembered.
    pub shapes: usize,
    /// Whether other values had another plan at the same time.
    pub depends_on_values: bool,
    /// Times the same values got another plan.
    pub flips: u64,
    /// The last of these, whether to a dearer plan or to a cheaper one.
    pub last_flip: Option<Flip>,
}

/// The plan for any values beside the one for a call's own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GenericPlan {
    /// What the planner expects it to cost.
    pub cost: f64,
    /// Whether it is another plan than the one for the values. The server takes it from the sixth run of a prepared statement on, if it
    /// seems no dearer on average (`plan_cache_mode`).
    pub differs: bool,
}

impl PlanReport {
    pub(super) fn of(history: &History) -> Option<Self> {
        let last = history.last.as_ref()?;
        let mut all = findings_with(&last.plan, &last.circumstances);
        all.extend(history.flip.as_ref().and_then(Flip::finding));
        Some(Self {
            cost: cost(&last.plan),
            plan: Arc::clone(&last.plan),
            took_ms: last.sample.took.as_secs_f64() * 1e3,
            by_replica: last.role == Role::Replica,
            findings: all,
            generic: last.generic,
            planned: history.planned,
            shapes: history.shapes.len(),
            depends_on_values: history.by_values,
            flips: history.flips,
            last_flip: history.flip.clone(),
        })
    }

    pub(super) fn skipped(history: &History) -> Option<Skipped> {
        history.skipped
    }
}

pub(super) fn cost(plan: &Plan) -> f64 {
    plan.root().fields().number("Total Cost").unwrap_or(0.0)
}

fn as_json<S: Serializer>(plan: &Arc<Plan>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(plan)
}
