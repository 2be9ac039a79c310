//! What is done for a lane once in a while, and how it ends.

use super::{access::Access, loans::Overdue, nested::NestedPlaces, sessions::Lane};
use crate::endpoint::Role;
use std::{mem, sync::Arc, time::Instant};

/// What a lane looks like at one moment.
#[derive(Debug, Default)]
pub(crate) struct LaneView {
    pub(crate) max: usize,
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
        // Nobody writes on a server that is not the primary.
        let in_use = self.access == Access::Read || self.endpoint.role() == Role::Primary;
        let idle_min = if in_use { self.limits.idle_min } else { 0 };
        self.sweep(now, idle_min);
        if self.endpoint.is_usable() {
            self.warm(idle_min);
        }
        self.report_overdue(now);
        self.report(now);
    }

    /// Closes idle sessions that are dead, too old, or idle for too long.
    fn sweep(&self, now: Instant, idle_min: usize) {
        let gone: Vec<_> = {
            let mut state = self.state();
            let mut keep = idle_min;
            let (kept, gone): (Vec<_>, Vec<_>) =
                mem::take(&mut state.idle).into_iter().rev().partition(|session| {
                    let alive =
                        !session.is_closed() && !session.is_past_lifetime(now) && self.is_current(session);
                    let wanted = keep > 0
                        || now.saturating_duration_since(session.idle_since) < self.limits.idle_timeout;
                    keep = if alive { keep.saturating_sub(1) } else { keep };
                    alive && wanted
                });
            state.idle = kept.into_iter().rev().collect();
            state.size -= gone.len();
            gone
        };
        drop(gone);
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
    }

    pub(crate) fn view(&self, now: Instant) -> LaneView {
        let state = self.state();
        LaneView {
            max: state.max,
            all: state.size,
            busy: state.loans.len(),
            idle: state.idle.len(),
            waiting: state.queue.iter().count(),
            overdue: state.loans.overdue(now),
            nested: state.nested.all(),
        }
    }

    /// From now on there may be so many. Those above it end when they come back or have been idle for long.
    pub(crate) fn resize(&self, max: usize) {
        self.state().max = max;
    }

    /// Refuses new callers, tells those who wait, closes what is idle.
    pub(crate) fn close(&self) {
        let (idle, queue) = {
            let mut state = self.state();
            state.closed = true;
            state.size -= state.idle.len();
            (mem::take(&mut state.idle), mem::take(&mut state.queue))
        };
        drop((idle, queue));
        self.emptied.notify_waiters();
    }

    /// Resolves when a closed lane has no sessions left.
    pub(crate) async fn emptied(&self) {
        loop {
            let rung = self.emptied.notified();
            if self.state().size == 0 {
                return;
            }
            rung.await;
        }
    }
}
