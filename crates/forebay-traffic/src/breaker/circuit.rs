use super::{
    BreakerConfig, Permit, Rejected,
    measure::Measure,
    permit::Ticket,
    window::{Step, Word},
};
use crate::{
    Error,
    clock::{Clock, nanos},
    sync::{AtomicU64, Mutex, MutexGuard},
};
use forebay_metrics::Meter;
use std::{
    fmt,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

/// A half-open circuit breaker for one server. Cloning is one reference count; all clones are one breaker.
///
/// No method waits. It works in and outside of a tokio runtime; its clock is tokio's, so tests can pause it.
#[derive(Clone)]
pub struct Breaker(pub(super) Arc<Inner>);

/// What a breaker does with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Every call is let through.
    Closed,
    /// A few calls are let through as probes, the others are refused.
    HalfOpen,
    /// Every call is refused. When its time has passed, the next call makes it half-open.
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Cancelled,
}

pub(super) struct Inner {
    /// The generation, and the record of the closed state.
    word: AtomicU64,
    /// While not closed: refuse without asking anyone until then, in nanoseconds of `clock`. 0 when a probe's
    /// place may be free. Written under the lock.
    refuse_until: AtomicU64,
    clock: Clock,
    config: BreakerConfig,
    phase: Mutex<Phase>,
    measure: Measure,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Open {
        /// Openings since the breaker was last closed, this one included.
        openings: u32,
    },
    HalfOpen {
        /// Openings since the breaker was last closed.
        openings: u32,
        /// Probes under way.
        out: u32,
        /// Probes that succeeded.
        successes: u32,
    },
}

impl Breaker {
    /// A closed breaker that measures nothing.
    ///
    /// # Errors
    /// [`Error::BreakerSetting`] when a setting is out of its range.
    pub fn new(config: BreakerConfig) -> Result<Self, Error> {
        Self::measured(config, "", &Meter::disabled())
    }

    /// A closed breaker that reports its state, openings and refusals under `name`; see
    /// [`METRICS`](crate::METRICS).
    ///
    /// # Errors
    /// [`Error::BreakerSetting`] when a setting is out of its range.
    pub fn measured(config: BreakerConfig, name: &str, meter: &Meter) -> Result<Self, Error> {
        config.check()?;
        Ok(Self(Arc::new(Inner {
            word: AtomicU64::new(Word::closed(0).0),
            refuse_until: AtomicU64::new(0),
            clock: Clock::start(),
            config,
            phase: Mutex::new(Phase::Closed),
            measure: Measure::new(meter, name),
        })))
    }

    /// Leave for one call.
    ///
    /// # Errors
    /// [`Rejected`] while the breaker is open, and while it is half-open with every probe under way.
    pub fn permit(&self) -> Result<Permit, Rejected> {
        match self.0.ask() {
            Ok(ticket) => Ok(Permit::new(Arc::clone(&self.0), ticket)),
            Err(wait) => {
                self.0.measure.rejected.increment(1);
                Err(Rejected { retry_in: Duration::from_nanos(wait) })
            }
        }
    }

    /// For how long from now every call is refused, as far as is known; `None` when the next one may be let through. It
    /// counts nothing and asks for no probe: for callers that would prepare a call for nothing.
    #[must_use]
    pub fn refuses_for(&self) -> Option<Duration> {
        if Word(self.0.word.load(Ordering::Acquire)).is_closed() {
            return None;
        }
        let wait = self.0.refuse_until.load(Ordering::Acquire).saturating_sub(self.0.now());
        (wait > 0).then(|| Duration::from_nanos(wait))
    }

    /// What the breaker does now.
    #[must_use]
    pub fn state(&self) -> State {
        match *self.0.phase() {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// The settings it was made with.
    #[must_use]
    pub fn config(&self) -> &BreakerConfig {
        &self.0.config
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl Inner {
    /// A ticket, or how many nanoseconds at most until one can be had.
    fn ask(&self) -> Result<Ticket, u64> {
        let word = Word(self.word.load(Ordering::Acquire));
        if word.is_closed() {
            return Ok(Ticket::Call { generation: word.generation() });
        }
        let now = self.now();
        let until = self.refuse_until.load(Ordering::Acquire);
        if now < until {
            return Err(until - now);
        }
        self.ask_for_probe(now)
    }

    fn ask_for_probe(&self, now: u64) -> Result<Ticket, u64> {
        let mut phase = self.phase();
        let until = self.refuse_until.load(Ordering::Acquire);
        let generation = self.generation();
        match &mut *phase {
            Phase::Closed => Ok(Ticket::Call { generation }),
            _ if now < until => Err(until - now),
            Phase::Open { openings } => {
                let half = Phase::HalfOpen { openings: *openings, out: 1, successes: 0 };
                self.enter(&mut phase, half);
                self.limit_probes(1, now);
                Ok(Ticket::Probe { generation: self.generation() })
            }
            Phase::HalfOpen { out, .. } if *out < self.config.probes => {
                *out += 1;
                self.limit_probes(*out, now);
                Ok(Ticket::Probe { generation })
            }
            // Every place is taken and the last probe has been out too long: they count as failed.
            Phase::HalfOpen { openings, .. } => {
                let openings = *openings;
                Err(self.open(&mut phase, openings))
            }
        }
    }

    pub(super) fn note(&self, ticket: Ticket, outcome: Outcome) {
        match (ticket, outcome) {
            (Ticket::Call { .. }, Outcome::Cancelled) => {}
            (Ticket::Call { generation }, outcome) => self.note_call(generation, outcome == Outcome::Failure),
            (Ticket::Probe { generation }, outcome) => self.note_probe(generation, outcome),
        }
    }

    fn note_call(&self, generation: u32, failed: bool) {
        let mut seen = self.word.load(Ordering::Acquire);
        while Word(seen).generation() == generation {
            let next = match Word(seen).after(failed, &self.config) {
                Step::Same => return,
                Step::Next(next) => next,
                Step::Trip => return self.trip(generation),
            };
            match self.word.compare_exchange_weak(seen, next.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    fn trip(&self, generation: u32) {
        let mut phase = self.phase();
        // Another failure may have tripped it meanwhile.
        if self.generation() == generation {
            self.open(&mut phase, 0);
        }
    }

    fn note_probe(&self, generation: u32, outcome: Outcome) {
        let mut phase = self.phase();
        if self.generation() != generation {
            return;
        }
        // The generation is this permit's, so the phase is the half-open one it was given in.
        let Phase::HalfOpen { openings, out, successes } = &mut *phase else { return };
        *out -= 1;
        match outcome {
            Outcome::Failure => {
                let openings = *openings;
                self.open(&mut phase, openings);
            }
            Outcome::Success if *successes + 1 >= self.config.successes_to_close => {
                self.enter(&mut phase, Phase::Closed);
            }
            Outcome::Success | Outcome::Cancelled => {
                *successes += u32::from(outcome == Outcome::Success);
                self.refuse_until.store(0, Ordering::Release);
            }
        }
    }

    /// Opens the breaker and says for how many nanoseconds.
    fn open(&self, phase: &mut Phase, openings: u32) -> u64 {
        let span = nanos(self.config.open_for(openings, rand::random()));
        // Before the word: whoever sees the breaker not closed must see until when.
        self.refuse_until.store(self.now().saturating_add(span), Ordering::Release);
        self.enter(phase, Phase::Open { openings: openings.saturating_add(1) });
        span
    }

    fn limit_probes(&self, out: u32, now: u64) {
        if out == self.config.probes {
            let limit = now.saturating_add(nanos(self.config.probe_limit));
            self.refuse_until.store(limit, Ordering::Release);
        }
    }

    fn enter(&self, phase: &mut Phase, next: Phase) {
        let generation = Word::following(self.generation());
        let (state, word) = match next {
            Phase::Closed => (State::Closed, Word::closed(generation)),
            Phase::Open { .. } => (State::Open, Word::not_closed(generation)),
            Phase::HalfOpen { .. } => (State::HalfOpen, Word::not_closed(generation)),
        };
        *phase = next;
        self.word.store(word.0, Ordering::Release);
        self.measure.entered(state);
    }

    /// The current generation. It changes only under the lock.
    fn generation(&self) -> u32 {
        Word(self.word.load(Ordering::Acquire)).generation()
    }

    /// Whether the breaker is closed and its record empty.
    #[cfg(test)]
    pub(super) fn is_clean(&self) -> bool {
        let word = self.word.load(Ordering::Acquire);
        word == Word::closed(self.generation()).0
    }

    /// Openings since the breaker was last closed.
    #[cfg(test)]
    pub(super) fn openings(&self) -> u32 {
        match *self.phase() {
            Phase::Closed => 0,
            Phase::Open { openings } | Phase::HalfOpen { openings, .. } => openings,
        }
    }

    fn now(&self) -> u64 {
        self.clock.now()
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        // Nothing panics while it is held, so a poisoned lock still holds a whole phase.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
