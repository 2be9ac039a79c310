use super::workload::Route;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// Latencies above this are recorded as this.
const LATENCY_MAX_MICROS: u64 = 60_000_000;

/// What came back, of one kind of request.
#[derive(Debug, Clone)]
pub(crate) struct RouteReport {
    pub(crate) requests: u64,
    /// Bytes over the wire, heads included.
    pub(crate) bytes: u64,
    /// Answers without a body, because the client's was still good.
    pub(crate) not_modified: u64,
    latencies: Histogram<u32>,
}

impl Default for RouteReport {
    fn default() -> Self {
        let latencies = Histogram::new_with_bounds(1, LATENCY_MAX_MICROS, 3)
            .expect("a minute in microseconds at three digits is within the histogram's limits");
        Self { requests: 0, bytes: 0, not_modified: 0, latencies }
    }
}

impl RouteReport {
    pub(crate) fn record(&mut self, latency: Duration, bytes: usize, not_modified: bool) {
        self.requests += 1;
        self.bytes += bytes as u64;
        self.not_modified += u64::from(not_modified);
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_MICROS);
        self.latencies.saturating_record(micros.max(1));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.not_modified += other.not_modified;
        self.latencies.add(&other.latencies).expect("both have the same bounds");
    }

    /// A latency quantile in milliseconds.
    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        self.latencies.value_at_quantile(quantile) as f64 / 1000.0
    }

    pub(crate) fn bytes_per_response(&self) -> f64 {
        self.bytes as f64 / self.requests.max(1) as f64
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "requests": self.requests,
            "not_modified": self.not_modified,
            "bytes_per_response": self.bytes_per_response(),
            "p50_ms": self.millis(0.5),
            "p95_ms": self.millis(0.95),
            "p99_ms": self.millis(0.99),
            "max_ms": self.millis(1.0),
        })
    }
}

/// How fresh the answers were.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Freshness {
    /// Answers that told a version and were held against the payments before them.
    pub(crate) checked: u64,
    /// Answers that did not show a payment acknowledged before the request, though within the bound.
    pub(crate) behind_within_bound: u64,
    /// Answers older than the bound allows.
    pub(crate) stale: u64,
    /// The furthest an answer was behind, in milliseconds.
    pub(crate) largest_ms: f64,
}

/// What one run of load came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    pub(crate) seconds: f64,
    /// Requests that got no answer, or one that should not be.
    pub(crate) errors: u64,
    /// One of them.
    pub(crate) first_error: Option<String>,
    /// Requests of the schedule that no client was free to send.
    pub(crate) unsent: u64,
    /// Whole bodies decoded and found to say what their head says.
    pub(crate) bodies_checked: u64,
    pub(crate) freshness: Freshness,
    pub(crate) routes: BTreeMap<Route, RouteReport>,
}

impl Report {
    pub(crate) fn route(&mut self, route: Route) -> &mut RouteReport {
        self.routes.entry(route).or_default()
    }

    pub(crate) fn failed(&mut self, error: String) {
        self.errors += 1;
        self.first_error.get_or_insert(error);
    }

    /// Adds what another client, or a later slice, saw; `seconds` stays.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.errors += other.errors;
        self.first_error = self.first_error.take().or_else(|| other.first_error.clone());
        self.unsent += other.unsent;
        self.bodies_checked += other.bodies_checked;
        self.freshness.checked += other.freshness.checked;
        self.freshness.behind_within_bound += other.freshness.behind_within_bound;
        self.freshness.stale += other.freshness.stale;
        self.freshness.largest_ms = self.freshness.largest_ms.max(other.freshness.largest_ms);
        for (route, seen) in &other.routes {
            self.route(*route).merge(seen);
        }
    }

    /// All routes together.
    pub(crate) fn total(&self) -> RouteReport {
        let mut total = RouteReport::default();
        for seen in self.routes.values() {
            total.merge(seen);
        }
        total
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.total().requests as f64 / self.seconds.max(1e-9)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let routes: serde_json::Map<_, _> =
            self.routes.iter().map(|(route, seen)| (route.name().to_owned(), seen.json())).collect();
        serde_json::json!({
            "seconds": self.seconds,
            "requests_per_second": self.per_second(),
            "errors": self.errors,
            "first_error": self.first_error,
            "unsent": self.unsent,
            "bodies_checked": self.bodies_checked,
            "freshness": self.freshness,
            "all": self.total().json(),
            "routes": routes,
        })
    }
}
