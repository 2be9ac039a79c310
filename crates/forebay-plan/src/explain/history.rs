//! What is known of one statement's plans, and when to ask again.

use super::{ExplainConfig, Skipped, flip::Flip, report::GenericPlan};
use crate::{finding::Circumstances, observe::Sample, plan::Plan};
use forebay_pool::Role;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Of one statement.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// Not before this.
    pub(super) due: Instant,
    pub(super) pause: Duration,
    pub(super) last: Option<Explained>,
    /// Shapes seen, the newest last.
    pub(super) shapes: Vec<u64>,
    /// Questions answered.
    pub(super) planned: u64,
    /// Other values have another plan.
    pub(super) by_values: bool,
    /// The last time the same values got another plan.
    pub(super) flip: Option<Flip>,
    /// Times the same values got another plan.
    pub(super) flips: u64,
    pub(super) skipped: Option<Skipped>,
}

/// A call, and the plan it has.
#[derive(Debug, Clone)]
pub(super) struct Explained {
    pub(super) sample: Arc<Sample>,
    pub(super) plan: Arc<Plan>,
    pub(super) shape: u64,
    /// What is known of the call and of the tables beside the plan.
    pub(super) circumstances: Circumstances,
    pub(super) generic: Option<GenericPlan>,
    pub(super) role: Role,
    pub(super) at: Instant,
}

/// What became of a plan that is not the last one.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// The same values have another plan than before.
    Flip(Flip),
    /// The earlier values still have the earlier plan.
    ByValues,
}

/// The first pause after a failure.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Twice as long, from `first` on, up to `max`, which is the stronger of the two.
pub(super) fn longer(pause: Duration, first: Duration, max: Duration) -> Duration {
    (pause * 2).max(first).min(max)
}

impl History {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            due: now,
            pause: Duration::ZERO,
            last: None,
            shapes: Vec::new(),
            planned: 0,
            by_values: false,
            flip: None,
            flips: 0,
            skipped: None,
        }
    }

    pub(super) fn answered(&mut self, explained: Explained, change: Option<Change>, config: &ExplainConfig) {
        let changed = self.last.as_ref().is_none_or(|last| last.shape != explained.shape);
        self.pause = match changed {
            true => config.again,
            false => longer(self.pause, config.again, config.again_max),
        };
        self.due = explained.at + self.pause;
        self.planned += 1;
        self.skipped = None;
        self.shapes.retain(|shape| *shape != explained.shape);
        self.shapes.push(explained.shape);
        if self.shapes.len() > config.shapes_max {
            self.shapes.remove(0);
        }
        match change {
            Some(Change::Flip(flip)) => {
                self.flip = Some(flip);
                self.flips += 1;
            }
            Some(Change::ByValues) => self.by_values = true,
            None => {}
        }
        self.last = Some(explained);
    }

    pub(super) fn failed(&mut self, now: Instant, config: &ExplainConfig) {
        self.pause = longer(self.pause, FIRST_PAUSE, config.again_max);
        self.due = now + self.pause;
    }

    /// What keeps the planner from being asked stays so, unless functions change.
    pub(super) fn skip(&mut self, why: Skipped, now: Instant, config: &ExplainConfig) {
        self.skipped = Some(why);
        self.due = now + config.catalog_max_age;
    }
}
