//! The log of slow statements.

use super::{SlowLogConfig, entry::Entry};
use forebay_pool::QueryEvent;
use forebay_scope::Scope;
use std::{sync::atomic::Ordering, time::Duration};

/// Longest spelling of a statement in an event, in bytes.
const LOGGED_BYTES_MAX: usize = 1 << 10;

/// Writes an event for a slow call, if its statement has not had one for a while.
pub(super) fn log(
    entry: &Entry,
    event: &QueryEvent<'_>,
    took: Duration,
    since: Duration,
    config: &SlowLogConfig,
) {
    let now = since.as_millis() as u64;
    let last = entry.logged_ms.load(Ordering::Relaxed);
    let due = last == 0 || u128::from(now.saturating_sub(last - 1)) >= config.interval.as_millis();
    let ours =
        due && entry.logged_ms.compare_exchange(last, now + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if !ours {
        entry.unlogged.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let statement = &*entry.normalized;
    tracing::warn!(
        target: "forebay_plan::slow",
        fingerprint = %entry.fingerprint,
        statement = &statement[..statement.floor_char_boundary(LOGGED_BYTES_MAX)],
        took_ms = took.as_secs_f64() * 1e3,
        waited_ms = event.wait.as_secs_f64() * 1e3,
        rows = event.rows,
        outcome = event.outcome.as_str(),
        endpoint = event.endpoint,
        place = %event.place,
        request = Scope::with_current(Scope::id).map(tracing::field::display),
        unlogged = entry.unlogged.swap(0, Ordering::Relaxed),
        "a slow statement",
    );
}
