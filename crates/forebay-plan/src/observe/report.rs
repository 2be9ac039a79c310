//! What is told of statements: plain data without values.

use super::{entry::Entry, histogram::percentile, sample::Sample};
use forebay_pool::Outcome;
use forebay_sql::Fingerprint;
use serde::{Serialize, Serializer};
use std::{sync::atomic::Ordering, time::Duration};

/// What a list of statements is ordered by, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum By {
    /// The time of all calls together.
    #[default]
    TotalTime,
    /// Calls.
    Calls,
    /// The time that one call of a hundred exceeds.
    P99,
    /// Rows of all calls together.
    Rows,
    /// Calls that were not answered: failed, timed out, cancelled.
    Failures,
}

impl By {
    pub(super) fn key(self, report: &StatementReport) -> f64 {
        match self {
            Self::TotalTime => report.total_ms,
            Self::Calls => report.calls as f64,
            Self::P99 => report.p99_ms,
            Self::Rows => report.rows as f64,
            Self::Failures => (report.failed + report.timed_out + report.cancelled) as f64,
        }
    }
}

/// What one statement did, by its fingerprint. It has no values: it may be shown to others.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StatementReport {
    /// Names the statement; sixteen hexadecimal digits when serialised.
    #[serde(serialize_with = "as_text")]
    pub fingerprint: Fingerprint,
    /// Its text without values, as [`forebay_sql::normalize`] spells it, cut after 8 KiB.
    pub statement: String,
    /// Calls, however they ended.
    pub calls: u64,
    /// Calls that the server refused, or whose connection was lost.
    pub failed: u64,
    /// Calls that were given up at the deadline of their request.
    pub timed_out: u64,
    /// Calls whose future was dropped.
    pub cancelled: u64,
    /// Calls on replicas.
    pub on_replicas: u64,
    /// Milliseconds of all calls, from sending to the last row.
    pub total_ms: f64,
    /// The same of one call, as their mean.
    pub mean_ms: f64,
    /// Half of the calls took at most this many milliseconds; as every percentile here at most a quarter too high.
    pub p50_ms: f64,
    /// 95 of 100 calls took at most this.
    pub p95_ms: f64,
    /// 99 of 100 calls took at most this.
    pub p99_ms: f64,
    /// The longest call.
    pub max_ms: f64,
    /// Milliseconds that callers waited for a session first, of all calls.
    pub waited_ms: f64,
    /// Latencies: the largest of each bucket in microseconds, and its calls. Empty buckets are left out.
    pub latency_us: Vec<(u64, u64)>,
    /// Rows returned, or changed, by all calls.
    pub rows: u64,
    /// Rows per call: the largest of each bucket, and its calls.
    pub rows_per_call: Vec<(u64, u64)>,
    /// Where it is called, the most frequent first.
    pub places: Vec<PlaceReport>,
    /// Calls from places for which there was no room.
    pub other_places: u64,
    /// Its values stand in its text, and differ from call to call: no plan can be used twice, and a value that is not quoted as it must
    /// be is run as SQL. Bind them as parameters.
    pub literals_vary: bool,
    /// Calls whose values are kept, the slowest first.
    pub samples: Vec<SampleReport>,
}

/// A line of the program, and how often it called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlaceReport {
    /// `file:line:column`.
    pub place: String,
    /// Calls from it.
    pub calls: u64,
}

/// One call, without its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SampleReport {
    /// Milliseconds.
    pub took_ms: f64,
    /// Rows returned or changed.
    pub rows: u64,
    /// `done`, `failed`, `timeout` or `cancelled`.
    pub outcome: &'static str,
    /// The types of its values.
    pub types: Vec<String>,
    /// `file:line:column`.
    pub place: String,
    /// The request it belonged to.
    pub request: Option<String>,
}

/// What was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Dropped {
    /// Calls of statements for which there was no room (`statements_max`).
    pub full: u64,
    /// Calls whose text was too long (`text_bytes_max`).
    pub long: u64,
    /// Statements that made room for others (`idle_max`), with all that was counted of them.
    pub retired: u64,
}

impl StatementReport {
    pub(super) fn of(entry: &Entry) -> Self {
        let latency_us = entry.latency.counts();
        let longest_ms = milliseconds(entry.longest_ns.load(Ordering::Relaxed));
        let within_ms = |share| {
            let us = percentile(&latency_us, share).unwrap_or(0);
            (us as f64 / 1e3).min(longest_ms)
        };
        let calls = entry.calls();
        let total_ms = milliseconds(entry.took_ns.load(Ordering::Relaxed));
        let places = entry.places.all().into_iter();
        Self {
            fingerprint: entry.fingerprint,
            statement: entry.normalized.to_string(),
            calls,
            failed: entry.ended(Outcome::Failed),
            timed_out: entry.ended(Outcome::TimedOut),
            cancelled: entry.ended(Outcome::Cancelled),
            on_replicas: entry.on_replicas.load(Ordering::Relaxed),
            total_ms,
            mean_ms: if calls == 0 { 0.0 } else { total_ms / calls as f64 },
            p50_ms: within_ms(0.5),
            p95_ms: within_ms(0.95),
            p99_ms: within_ms(0.99),
            max_ms: longest_ms,
            waited_ms: milliseconds(entry.waited_ns.load(Ordering::Relaxed)),
            rows: entry.rows.load(Ordering::Relaxed),
            rows_per_call: entry.row_counts.counts(),
            places: places.map(|(at, calls)| PlaceReport { place: at.to_string(), calls }).collect(),
            other_places: entry.places.others(),
            literals_vary: entry.literals.vary(),
            samples: entry.samples.all().iter().map(|sample| SampleReport::of(sample)).collect(),
            latency_us,
        }
    }
}

impl SampleReport {
    fn of(sample: &Sample) -> Self {
        Self {
            took_ms: sample.took.as_secs_f64() * 1e3,
            rows: sample.rows,
            outcome: sample.outcome.as_str(),
            types: sample.values.iter().map(|value| value.ty().to_string()).collect(),
            place: sample.place.to_string(),
            request: sample.request.map(|id| id.to_string()),
        }
    }
}

fn milliseconds(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3
}

fn as_text<S: Serializer>(fingerprint: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fingerprint)
}
