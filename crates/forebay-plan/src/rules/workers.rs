//! Parallel workers that did not come.

use super::Rule;
use crate::finding::{Confidence, Kind, Scene, Suspicion, Unit, count};
use crate::node::Node;

/// Below this, workers would hardly have started before the work was done: starting them takes about a millisecond each.
const GATHER_MS_MIN: f64 = 10.0;

/// What of the time that is divided by more processes is really saved: they share memory bandwidth, and their rows go through one process.
const SPEED_UP_SHARE: f64 = 0.7;

pub(super) struct Workers;

impl Rule for Workers {
    fn check(scene: &Scene<'_>, node: &Node) -> Option<Suspicion> {
        if !node.node_type().starts_with("Gather") {
            return None;
        }
        let (planned, launched) = (node.workers_planned()? as f64, node.workers_launched()? as f64);
        let took = scene.inside(node);
        if launched >= planned || node.is_never_executed() || !scene.is_timed() || took < GATHER_MS_MIN {
            return None;
        }
        let what =
            format!("of {} parallel workers that were planned {} came", count(planned), count(launched));
        let advice = "All workers of the server were busy, or there are none: max_parallel_workers and max_worker_processes bound them for \
                      all sessions together. A plan that reckons with workers is the wrong one without them; where they are often \
                      missing, a smaller max_parallel_workers_per_gather gives better plans.";
        let suspicion = Suspicion::new(Kind::WorkersNotLaunched, node, what, advice)
            .saving(took * (1.0 - (launched + 1.0) / (planned + 1.0)) * SPEED_UP_SHARE)
            .confidence(Confidence::Medium)
            .evidence("workers planned", planned, Unit::Count)
            .evidence("workers launched", launched, Unit::Count);
        Some(suspicion)
    }
}
