use super::{
    freshness::BOUND,
    measure::{Measured, Seen},
};
use crate::{
    load::{Report, Route, RouteReport},
    terminal,
};

/// The one table: bare, forebay, and what the one is of the other.
pub(super) fn print(measured: &Measured, freshness: &Report, compared: usize) {
    let [bare, forebay] = &measured.seen;
    terminal::result("");
    row(["", "bare", "forebay", "forebay / bare"]);
    terminal::result(&"-".repeat(82));
    both("requests/s, closed loop", bare, forebay, 0, |seen| seen.closed.per_second());
    for route in Route::ALL {
        let label = format!("  {}, 50th percentile in ms", route.name());
        both(&label, bare, forebay, 2, |seen| millis_of(&seen.closed, route, 0.5));
    }
    let at = format!("{:.0}/s", measured.open_rate);
    for (name, quantile) in [("50th", 0.5), ("95th", 0.95), ("99th", 0.99)] {
        let label = format!("{name} percentile in ms, open loop at {at}");
        both(&label, bare, forebay, 2, |seen| seen.open.total().millis(quantile));
    }
    for route in Route::ALL {
        let label = format!("  {}, 99th", route.name());
        both(&label, bare, forebay, 2, |seen| millis_of(&seen.open, route, 0.99));
    }
    both("database queries per read request", bare, forebay, 3, |seen| seen.counted.queries_per_read());
    both("bytes sent per response", bare, forebay, 0, |seen| seen.open.total().bytes_per_response());
    for route in Route::ALL {
        let label = format!("  {}", route.name());
        both(&label, bare, forebay, 0, |seen| bytes_of(&seen.open, route));
    }
    both("cpu seconds per 1,000 requests, service", bare, forebay, 3, service_cpu);
    if bare.database_cpu_seconds.is_some() && forebay.database_cpu_seconds.is_some() {
        both("cpu seconds per 1,000 requests, database", bare, forebay, 3, database_cpu);
    }
    both("memory of the service in MB", bare, forebay, 0, |seen| seen.resident_bytes as f64 / 1e6);
    let share = |part: f64| format!("{:.1} %", part * 100.0);
    row(["reads answered without a query", "-", &share(forebay.counted.without_query()), ""]);
    for (tier, seen) in &forebay.counted.tiers {
        let rate = share(seen.hits as f64 / (seen.hits + seen.misses).max(1) as f64);
        let asked = format!("of {} look-ups", seen.hits + seen.misses);
        row([&format!("  hits in {tier}"), "-", &rate, &asked]);
    }
    let unchanged =
        |report: &Report| report.total().not_modified as f64 / report.total().requests.max(1) as f64;
    row(["answers that were 304", "-", &share(unchanged(&forebay.open)), ""]);
    terminal::result(&"-".repeat(82));
    fresh(freshness, compared);
}

fn fresh(report: &Report, compared: usize) {
    let seen = &report.freshness;
    terminal::result(&format!("identical answers before anything was timed: {compared}"));
    terminal::result(&format!(
        "stale answers on two nodes while standbys lagged: {} of {} (bound: {} ms on the node that did not take \
         the payment, none on the one that did; {} answers were behind within it, the furthest by {:.1} ms)",
        seen.stale,
        seen.checked,
        BOUND.as_millis(),
        seen.behind_within_bound,
        seen.largest_ms
    ));
}

pub(super) fn service_cpu(seen: &Seen) -> f64 {
    per_thousand(seen, seen.cpu_seconds)
}

pub(super) fn database_cpu(seen: &Seen) -> f64 {
    per_thousand(seen, seen.database_cpu_seconds.unwrap_or(0.0))
}

fn per_thousand(seen: &Seen, seconds: f64) -> f64 {
    seconds * 1000.0 / seen.closed.total().requests.max(1) as f64
}

fn millis_of(report: &Report, route: Route, quantile: f64) -> f64 {
    report.routes.get(&route).map_or(0.0, |seen| seen.millis(quantile))
}

fn bytes_of(report: &Report, route: Route) -> f64 {
    report.routes.get(&route).map_or(0.0, RouteReport::bytes_per_response)
}

fn both(label: &str, bare: &Seen, forebay: &Seen, digits: usize, value: impl Fn(&Seen) -> f64) {
    let (b, f) = (value(bare), value(forebay));
    let ratio = if b > 0.0 { format!("{:.3}", f / b) } else { "-".to_owned() };
    row([label, &format!("{b:.digits$}"), &format!("{f:.digits$}"), &ratio]);
}

fn row([label, bare, forebay, ratio]: [&str; 4]) {
    terminal::result(&format!("{label:<46}{bare:>10}{forebay:>11}{ratio:>15}"));
}
