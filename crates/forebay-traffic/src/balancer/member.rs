use super::{fleet::Inner, latency::Latency, measure::Measure, standing::Standing, tally::Tally};
use crate::{clock::nanos, sync::AtomicU32};
use serde::Serialize;
use std::{
    fmt,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

/// What is kept of one member and read by every pick.
#[derive(Debug)]
pub(super) struct State {
    pub(super) name: Box<str>,
    pub(super) in_flight: AtomicU32,
    pub(super) latency: Latency,
    pub(super) tally: Tally,
    pub(super) measure: Measure,
    /// A float from 0 to 1. Written by whoever judges.
    share: AtomicU32,
}

/// One of the servers that a balancer chooses from. Cloning is one reference count.
#[derive(Clone)]
pub struct Member {
    pub(super) inner: Arc<Inner>,
    pub(super) index: usize,
}

/// A call under way at a member. Say how it ended with [`succeeded`](Self::succeeded) or [`failed`](Self::failed).
///
/// Dropping it means the call was cancelled: it is no longer under way, and its outcome is unknown. A call that
/// ran into *its own* timeout has failed; say so. Never forget one (`std::mem::forget`): its member would look
/// busier for ever.
#[must_use = "dropping a call means it was cancelled"]
#[derive(Debug)]
pub struct Call(Member);

/// What is known of a member, for status pages.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MemberStatus {
    /// The name it was given.
    pub name: String,
    /// Calls under way.
    pub in_flight: u32,
    /// Decayed latency of its answers; of one that never answered that of its peers, zero when none did.
    #[serde(with = "humantime_serde")]
    pub latency: Duration,
    /// The share of its remembered calls that failed, from 0 to 1.
    pub error_share: f64,
    /// How much of the traffic that its cost draws it gets.
    pub standing: Standing,
    /// The same as a number from 0 to 1.
    pub share: f64,
}

impl State {
    pub(super) fn new(name: &str, measure: Measure) -> Self {
        Self {
            name: name.into(),
            in_flight: AtomicU32::new(0),
            latency: Latency::new(),
            tally: Tally::new(),
            measure,
            share: AtomicU32::new(1_f32.to_bits()),
        }
    }

    pub(super) fn share(&self) -> f32 {
        f32::from_bits(self.share.load(Ordering::Relaxed))
    }

    pub(super) fn set_share(&self, share: f64) {
        self.share.store((share as f32).to_bits(), Ordering::Relaxed);
        self.measure.share.set(share);
    }
}

impl Member {
    /// A call is sent there.
    pub fn start(&self) -> Call {
        self.state().in_flight.fetch_add(1, Ordering::Relaxed);
        Call(self.clone())
    }

    /// An answer came after this time, whether or not a [`Call`] stands for it: what is kept busy (a session on
    /// loan) and what is asked (each of its statements) need not be the same.
    pub fn note_answer(&self, latency: Duration) {
        let inner = &*self.inner;
        // At least a nanosecond: nothing is answered in no time.
        let ns = nanos(latency).max(1) as f32;
        self.state().latency.note(ns, inner.clock.now(), inner.latency_decay_ticks);
        self.state().tally.answered(ns);
        inner.first_answer(ns);
    }

    /// No answer came, not in time, or one that says the server is in trouble; whether or not a [`Call`] stands
    /// for it.
    pub fn note_failure(&self) {
        self.state().tally.failed();
    }

    /// Its place in the list the balancer was made of; what [`pick`](crate::Balancer::pick) returns.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The name it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.state().name
    }

    /// Calls under way.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.state().in_flight.load(Ordering::Relaxed)
    }

    /// Decayed latency of its answers; of one that never answered that of its peers, zero when none did.
    #[must_use]
    pub fn latency(&self) -> Duration {
        Duration::from_nanos(self.inner.latency_of(self.state(), self.inner.clock.now()) as u64)
    }

    /// What is known of it. Waits for a judgement under way, so it is for people and not for each call.
    #[must_use]
    pub fn status(&self) -> MemberStatus {
        let state = self.state();
        MemberStatus {
            name: state.name.to_string(),
            in_flight: self.in_flight(),
            latency: self.latency(),
            error_share: state.tally.error_share(),
            standing: self.standing(),
            share: f64::from(state.share()),
        }
    }

    fn standing(&self) -> Standing {
        // Nothing panics while it is held, so a poisoned lock still holds whole courses.
        let judge = self.inner.judge.lock().unwrap_or_else(PoisonError::into_inner);
        judge.courses[self.index].standing
    }

    fn state(&self) -> &State {
        &self.inner.members[self.index]
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("name", &self.name())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

impl Call {
    /// The server answered after this time, whatever the answer was: an error that shows a healthy server (a
    /// refused statement, a missing key) is a success here.
    pub fn succeeded(self, latency: Duration) {
        self.0.note_answer(latency);
    }

    /// The server did not answer, not in time, or in a way that says it is in trouble.
    pub fn failed(self) {
        self.0.note_failure();
    }

    /// Where it was sent.
    #[must_use]
    pub fn member(&self) -> &Member {
        &self.0
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.state().in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
