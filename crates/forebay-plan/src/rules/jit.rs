//! Compiling expressions took a large part of the time.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count, milliseconds, percent};
use crate::node::Node;

/// Compiling is meant to pay for itself; where it takes this part of the run, what it made faster was too short for it.
const RUN_SHARE_MIN: f64 = 0.25;

/// Compiling takes some milliseconds at the least; below this, what it is set against is a statement nobody waits for.
const JIT_MS_MIN: f64 = 5.0;

pub(super) struct JitTime;

impl Rule for JitTime {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if node.parent().is_some() {
            return None;
        }
        let jit = scene.plan.jit()?;
        let summed = jit.total_ms.filter(|_| scene.is_timed())?;
        let run = scene.plan.execution_ms().unwrap_or_else(|| scene.whole());
        // With workers it is the sum of all processes, and these run side by side.
        let workers = scene.plan.nodes().iter().filter_map(Node::workers_launched).max().unwrap_or(0);
        let compiled = (summed / (workers as f64 + 1.0)).min(run);
        let share = compiled / run;
        if compiled < JIT_MS_MIN || share < RUN_SHARE_MIN {
            return None;
        }
        let what = format!(
            "compiling {} functions (JIT) took {}, {} of the run",
            count(jit.functions as f64),
            milliseconds(compiled),
            percent(share)
        );
        let advice = "Raise jit_above_cost, or switch jit off for this role or statement (SET LOCAL jit = off). If the plan's cost is far \
                      above what it takes, its estimates are what to look at first.";
        let suspicion = Suspicion::new(Kind::JitOverhead, node, what, advice)
            .saving(compiled)
            .confidence(Confidence::High)
            .evidence("compiling", compiled, Unit::Ms)
            .evidence("run", run, Unit::Ms)
            .evidence("functions", jit.functions as f64, Unit::Count);
        Some(suspicion)
    }
}
