//! What is done for a lane once in a while.

use super::{loans::Overdue, nested::NestedPlaces, sessions::Lane};
use crate::endpoint::Role;
use std::{sync::Arc, time::Instant};

/// What a lane looks like at one moment.
#[derive(Debug, Default)]
pub(crate) struct LaneView {
    pub(crate) max: usize,
    pub(crate) paused: bool,
    pub(crate) all: usize,
    pub(crate) busy: usize,
    pub(crate) idle: usize,
    pub(crate) waiting: usize,
    pub(crate) overdue: Vec<Overdue>,
    pub(crate) nested: Vec<(NestedPlaces, u64)>,
}

impl Lane {
    /// Called about once a second.
    pub(crate) fn tend(self: &Arc<Self>, now: Instant) {
        self.sweep(now);
        if self.endpoint.is_usable() && !self.state().paused {
            self.warm(self.idle_min());
        }
        self.report_overdue(now);
        self.report(now);
    }

    /// Idle sessions kept ready in the role its server has.
    pub(super) fn idle_min(&self) -> usize {
        match self.endpoint.role() {
            Role::Primary => self.limits.primary_idle_min,
            Role::Replica => self.limits.replica_idle_min,
        }
    }

    /// Says which guards are out for too long, each once.
    fn report_overdue(&self, now: Instant) {
        let overdue = self.state().loans.look(now, self.limits.held_warn);
        for loan in overdue {
            self.meters.held_long.increment(1);
            tracing::warn!(
                endpoint = %self.endpoint.name,
                kind = self.access.as_str(),
                place = %loan.place,
                held = ?loan.held,
                "a session was taken here and has not come back"
            );
        }
    }

    fn report(&self, now: Instant) {
        let view = self.view(now);
        self.meters.all.set(view.all as f64);
        self.meters.idle.set(view.idle as f64);
        self.meters.busy.set(view.busy as f64);
        self.meters.waiting.set(view.waiting as f64);
        self.meters.report_in_flight();
    }

    pub(crate) fn view(&self, now: Instant) -> LaneView {
        let state = self.state();
        LaneView {
            max: state.max,
            paused: state.paused,
            all: state.size,
            busy: state.loans.len(),
            idle: state.idle.len(),
            waiting: state.queue.iter().count(),
            overdue: state.loans.overdue(now),
            nested: state.nested.all(),
        }
    }
}
