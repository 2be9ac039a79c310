//! What is kept of one statement.

use super::{
    CaptureConfig,
    histogram::Histogram,
    literals::Literals,
    places::Places,
    reservoir::{self, Reservoir},
    sample::Sample,
};
use forebay_pool::{Outcome, QueryEvent, Role};
use forebay_sql::{Fingerprint, normalize};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tokio_postgres::error::SqlState;

/// Longest spelling of a statement that is kept, in bytes.
const SHOWN_BYTES_MAX: usize = 8 << 10;

/// Everything that is counted of one statement. Each call adds to it without waiting for another.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) fingerprint: Fingerprint,
    /// Without values.
    pub(super) normalized: Arc<str>,
    pub(super) outcomes: [AtomicU64; 4],
    pub(super) rows: AtomicU64,
    /// Time on servers, in nanoseconds.
    pub(super) took_ns: AtomicU64,
    pub(super) longest_ns: AtomicU64,
    /// Time spent waiting for sessions.
    pub(super) waited_ns: AtomicU64,
    pub(super) on_replicas: AtomicU64,
    /// Of microseconds.
    pub(super) latency: Histogram,
    pub(super) row_counts: Histogram,
    pub(super) places: Places,
    pub(super) samples: Reservoir,
    pub(super) literals: Literals,
    /// Milliseconds from the beginning of the capture to the last call.
    pub(super) last_ms: AtomicU64,
    /// The same of the last event of the slow log, plus one; 0 for none.
    pub(super) logged_ms: AtomicU64,
    /// Slow calls since then.
    pub(super) unlogged: AtomicU64,
    /// It made room for others: who still has it by its text is to look again.
    pub(super) retired: AtomicBool,
}

impl Entry {
    pub(super) fn new(fingerprint: Fingerprint, sql: &str, config: &CaptureConfig) -> Self {
        let mut normalized = normalize(sql);
        if normalized.len() > SHOWN_BYTES_MAX {
            normalized.truncate(normalized.floor_char_boundary(SHOWN_BYTES_MAX));
            normalized.push('…');
        }
        Self {
            fingerprint,
            normalized: normalized.into(),
            outcomes: [const { AtomicU64::new(0) }; 4],
            rows: AtomicU64::new(0),
            took_ns: AtomicU64::new(0),
            longest_ns: AtomicU64::new(0),
            waited_ns: AtomicU64::new(0),
            on_replicas: AtomicU64::new(0),
            latency: Histogram::new(),
            row_counts: Histogram::new(),
            places: Places::new(config.places_max),
            samples: Reservoir::new(config.samples_max),
            literals: Literals::default(),
            last_ms: AtomicU64::new(0),
            logged_ms: AtomicU64::new(0),
            unlogged: AtomicU64::new(0),
            retired: AtomicBool::new(false),
        }
    }

    /// Takes in one call that ended `since` the beginning of the capture.
    pub(super) fn add(&self, event: &QueryEvent<'_>, took: Duration, since: Duration) {
        let took_ns = nanoseconds(took);
        self.outcomes[place_of(event.outcome)].fetch_add(1, Ordering::Relaxed);
        self.took_ns.fetch_add(took_ns, Ordering::Relaxed);
        if took_ns > self.longest_ns.load(Ordering::Relaxed) {
            self.longest_ns.fetch_max(took_ns, Ordering::Relaxed);
        }
        if !event.wait.is_zero() {
            self.waited_ns.fetch_add(nanoseconds(event.wait), Ordering::Relaxed);
        }
        if event.role == Role::Replica {
            self.on_replicas.fetch_add(1, Ordering::Relaxed);
        }
        self.latency.add(took_ns / 1000);
        if event.outcome == Outcome::Done {
            self.rows.fetch_add(event.rows, Ordering::Relaxed);
            self.row_counts.add(event.rows);
        }
        self.places.note(event.place);
        self.last_ms.store(since.as_millis() as u64, Ordering::Relaxed);
    }

    /// Keeps the call's values, if it is one of the chosen.
    pub(super) fn sample(
        &self,
        event: &QueryEvent<'_>,
        took: Duration,
        since: Duration,
        config: &CaptureConfig,
    ) {
        // What the server refused has no plan, unless it was stopped because it took too long.
        let has_plan = event.outcome != Outcome::Failed || event.sql_state == Some(&SqlState::QUERY_CANCELED);
        if !has_plan || event.altered || event.params.shown().is_none() {
            return;
        }
        let fades = since.as_secs_f64() / config.samples_fade.as_secs_f64();
        let random = self.took_ns.load(Ordering::Relaxed) ^ self.fingerprint.0;
        let score = reservoir::score(took.as_secs_f64(), fades, random);
        if self.samples.wants(score)
            && let Some(sample) = Sample::of(event, config.sample_bytes_max, Instant::now())
        {
            self.samples.keep(score, sample);
        }
    }

    pub(super) fn calls(&self) -> u64 {
        self.outcomes.iter().map(|calls| calls.load(Ordering::Relaxed)).sum()
    }

    /// Calls that ended like this.
    pub(super) fn ended(&self, outcome: Outcome) -> u64 {
        self.outcomes[place_of(outcome)].load(Ordering::Relaxed)
    }
}

/// Where calls that end like this are counted.
const fn place_of(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Done => 0,
        Outcome::TimedOut => 2,
        Outcome::Cancelled => 3,
        // And whatever a later version of the pool calls it.
        _ => 1,
    }
}

/// Of 584 years at most.
fn nanoseconds(time: Duration) -> u64 {
    time.as_nanos() as u64
}
