//! How a lane gets more sessions: connects run in the supervisor, never in the caller, and only while they are
//! needed.

use super::{
    access::Patience,
    queue::Refusal,
    sessions::{Freshness, Lane, State},
};
use crate::{pipelined::Track, session::Session, shared_failure::SharedFailure};
use std::{sync::Arc, time::Instant};

/// Work that a lane gives to the pool's supervisor: it never does it in the caller.
#[derive(Debug)]
pub(crate) enum Work {
    /// Open a session; the slot is counted already.
    Connect(Arc<Lane>),
    /// Clean a session and put it back, or close it; the slot stays counted until then.
    Clean(Arc<Lane>, Box<Session>),
    /// Take in the answers of a shared session, for as long as it is one.
    Carry(Arc<Track>),
    /// Prepare a text on a shared session.
    Prepare(Arc<Track>, Box<str>),
}

/// Connects under way at the same time for one lane. A spike is mostly served by sessions that come back; what
/// is still missing after a connect leads to the next one.
const CONNECTS_AT_ONCE: usize = 2;

impl Lane {
    /// Opens sessions until `min` are idle or under way.
    pub(crate) fn warm(self: &Arc<Self>, min: usize) {
        let missing = {
            let mut state = self.state();
            if state.closed {
                return;
            }
            let missing = min
                .saturating_sub(state.idle.len() + state.connecting)
                .min(state.max.saturating_sub(state.size));
            state.size += missing;
            state.connecting += missing;
            missing
        };
        for _ in 0..missing {
            self.connect();
        }
    }

    pub(super) fn connect(self: &Arc<Self>) {
        if self.work.send(Work::Connect(Arc::clone(self))).is_err() {
            // The supervisor is gone, so the pool is closing.
            self.state().give_up_connect();
        }
    }

    /// A connect that was counted produced a session.
    pub(crate) fn connected(self: &Arc<Self>, session: Box<Session>) {
        let now = Instant::now();
        let mut state = self.state();
        state.connecting -= 1;
        state.last_failure = None;
        if state.replacing > 0 {
            state.replacing -= 1;
            state.replaced += 1;
        }
        // Under the same lock: who sees that it was replaced finds the replacement.
        self.shelve(state, session, now, Freshness::New);
        let mut gone = Vec::new();
        let (another, replacement) = {
            let mut state = self.state();
            let another = !state.closed && state.wants_connect();
            (another, self.turn_over(&mut state, now, &mut gone))
        };
        self.close_all(gone, |session| self.why_swept(session, now));
        for _ in 0..usize::from(another) + usize::from(replacement) {
            self.connect();
        }
    }

    /// Whether a connect that failed is repeated: for somebody who waits, or because nobody will until one succeeds.
    /// Otherwise its slot is free again.
    pub(crate) fn keep_connecting(&self) -> bool {
        let mut state = self.state();
        state.queue.forget_gone();
        // As many connects as waiters, not more. Deciding and giving up are one step: a waiter that comes in
        // between would count on this connect.
        let wanted = state.queue.len() >= state.connecting;
        let last_hope = state.connecting == 1 && state.hopeless().is_some();
        if !state.closed && (wanted || last_hope) {
            return true;
        }
        state.give_up_connect();
        drop(state);
        self.emptied.notify_waiters();
        false
    }

    /// Whether the last connect or probe failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.state().last_failure.is_some()
    }

    /// The server was reached: what failed before is not why anybody waits.
    pub(crate) fn answers(&self) {
        self.state().last_failure = None;
    }

    /// Tells the waiters that have other servers to ask, and all of them when waiting is in vain; those that left are
    /// forgotten.
    pub(crate) fn turn_away(&self, failure: &SharedFailure) {
        let told = {
            let mut state = self.state();
            state.last_failure = Some(failure.clone());
            // Those of a pause are kept waiting: somebody knows that the server is away.
            if state.paused {
                return;
            }
            let in_vain = state.hopeless().is_some();
            state.queue.take_unless(|waiter| !in_vain && waiter.patience != Patience::UntilFailure)
        };
        for waiter in told {
            drop(waiter.hand.send(Err(Refusal::Unreachable(failure.clone()))));
        }
    }
}

impl State {
    /// Why waiting is in vain: the last connect failed for a reason that no repetition mends, and there is no session
    /// that could come back.
    pub(super) fn hopeless(&self) -> Option<&SharedFailure> {
        let failure = self.last_failure.as_ref()?;
        (self.size == self.connecting && !failure.reason().is_transient()).then_some(failure)
    }

    /// A connect that was counted will not be made.
    pub(super) const fn give_up_connect(&mut self) {
        self.connecting -= 1;
        self.size -= 1;
        if self.replacing > self.connecting {
            self.replacing = self.connecting;
        }
    }

    /// Counts one more connect when more wait than connects are under way, and there is room.
    pub(super) fn wants_connect(&mut self) -> bool {
        let wants =
            !self.paused && self.size < self.max && self.connecting < self.queue.len().min(CONNECTS_AT_ONCE);
        if wants {
            self.size += 1;
            self.connecting += 1;
        }
        wants
    }
}
