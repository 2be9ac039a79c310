//! What a pool measures.

use forebay_metrics::Metric;
use metrics::Unit;

pub(crate) const QUERY: Metric = Metric::seconds(
    "forebay_pool_query_seconds",
    &["endpoint", "kind"],
    "time from sending a statement to its last row, by kind of session",
);
pub(crate) const WAIT: Metric = Metric::seconds(
    "forebay_pool_wait_seconds",
    &["endpoint", "kind"],
    "time callers waited for a session that was not idle",
);
pub(crate) const SESSIONS: Metric = Metric::gauge(
    "forebay_pool_sessions",
    &["endpoint", "kind", "state"],
    "sessions by state: busy, idle, all",
);
pub(crate) const WAITING: Metric =
    Metric::gauge("forebay_pool_waiting", &["endpoint", "kind"], "callers waiting for a session");
pub(crate) const HELD_LONG: Metric = Metric::counter(
    "forebay_pool_held_long_total",
    &["endpoint", "kind"],
    "guards that were out for longer than held_warn",
);
pub(crate) const REFUSED: Metric = Metric::counter(
    "forebay_pool_refused_total",
    &["endpoint", "kind", "cause"],
    "callers refused at once: queue_full, overload (waits above queue_delay_max)",
);
pub(crate) const NESTED: Metric = Metric::counter(
    "forebay_pool_nested_total",
    &["endpoint", "kind"],
    "waits for a session by a task that held one of the same kind",
);
pub(crate) const LAG: Metric =
    Metric::gauge("forebay_pool_lag_seconds", &["endpoint"], "how far a replica is behind the primary")
        .unit(Unit::Seconds);
pub(crate) const UP: Metric =
    Metric::gauge("forebay_pool_up", &["endpoint"], "1 when a server is reachable and in its role");
pub(crate) const CONNECTS: Metric = Metric::counter(
    "forebay_pool_connects_total",
    &["endpoint", "kind"],
    "connections opened, by kind: read, write, probe, listen",
);
pub(crate) const CONNECT_FAILURES: Metric = Metric::counter(
    "forebay_pool_connect_failures_total",
    &["endpoint", "kind", "reason"],
    "connections that could not be opened, by the step that failed",
);
pub(crate) const CLEANED: Metric = Metric::counter(
    "forebay_pool_cleaned_total",
    &["endpoint", "kind"],
    "sessions that came back with a running statement, an open transaction or a setting and were made clean",
);
pub(crate) const CLOSED: Metric = Metric::counter(
    "forebay_pool_closed_total",
    &["endpoint", "kind", "cause"],
    "sessions closed: lost, dirty, lifetime, login, idle, epoch, resized, shutdown, used",
);
pub(crate) const IN_FLIGHT: Metric =
    Metric::gauge("forebay_pool_in_flight", &["endpoint", "kind"], "statements sent and not answered yet");
pub(crate) const FALLBACKS: Metric = Metric::counter(
    "forebay_pool_fallbacks_total",
    &["why"],
    "reads on the primary although there are replicas: none_fresh, none_free, position",
);
pub(crate) const POSITION_WAIT: Metric = Metric::seconds(
    "forebay_pool_position_wait_seconds",
    &[],
    "time reads waited for a replica to reach the position they had to see",
);
pub(crate) const CANCELS: Metric =
    Metric::counter("forebay_pool_cancels_total", &["result"], "requests to stop a statement: done, failed");
pub(crate) const READS: Metric = Metric::counter(
    "forebay_pool_reads_total",
    &["served_by"],
    "read sessions handed out: replica, primary because none is configured or usable, behind",
);
pub(crate) const POSITION_CHECKS: Metric = Metric::counter(
    "forebay_pool_position_checks_total",
    &["result"],
    "reads that had to see a position no replica was known to have: reached, primary, lost with its timeline",
);
pub(crate) const HEALED: Metric = Metric::counter(
    "forebay_pool_healed_total",
    &["cause"],
    "statements run again: refused or lost by a replica, conflict with its replay, schema that changed",
);
pub(crate) const RETRIES: Metric = Metric::counter(
    "forebay_pool_transaction_retries_total",
    &["cause"],
    "transactions run again by retry_transaction: serialization, deadlock, schema",
);
pub(crate) const GIVEN_UP: Metric = Metric::counter(
    "forebay_pool_transactions_given_up_total",
    &[],
    "transactions of retry_transaction that collided at their last attempt, or had no time for another",
);
pub(crate) const ABANDONED: Metric = Metric::counter(
    "forebay_pool_abandoned_total",
    &[],
    "statements whose future was dropped before the answer",
);

pub(crate) const ROUTES: Metric = Metric::counter(
    "forebay_pool_routes_total",
    &["to", "why"],
    "statements sent where their text allows: replica because read; primary because write, unproven, learned, shadowed",
);
pub(crate) const HEDGES: Metric = Metric::counter(
    "forebay_pool_hedges_total",
    &["fate"],
    "reads that a replica was slow to answer: sent to a second one, won by it; over_budget, nowhere (not sent); moved while \
     they waited for a session",
);
pub(crate) const ELECTIONS: Metric = Metric::counter(
    "forebay_pool_elections_total",
    &[],
    "times another server became the primary, or two would have been",
);

pub(crate) const PIPELINED: Metric = Metric::counter(
    "forebay_pool_pipelined_total",
    &["outcome"],
    "reads of pipelined handles: shared, or by a guard because not_read, slow, no_room, held_up, failed",
);

pub(crate) const UNHEARD: Metric = Metric::counter(
    "forebay_pool_notifications_dropped_total",
    &[],
    "notifications that came while a listener's buffer was full",
);

pub(crate) const CATALOG_READS: Metric = Metric::counter(
    "forebay_pool_catalog_reads_total",
    &["result"],
    "readings of the database's catalogue: read, failed (looks for changes that failed included)",
);
pub(crate) const CATALOG_TRUSTED: Metric = Metric::gauge(
    "forebay_pool_catalog_trusted",
    &[],
    "1 while functions are proven by what was read of the catalogue, as the last look for changes found it",
);

/// Every metric of this crate.
pub const METRICS: &[Metric] = &[
    QUERY,
    WAIT,
    SESSIONS,
    WAITING,
    HELD_LONG,
    REFUSED,
    NESTED,
    LAG,
    UP,
    CONNECTS,
    CONNECT_FAILURES,
    CLEANED,
    CLOSED,
    IN_FLIGHT,
    READS,
    FALLBACKS,
    POSITION_CHECKS,
    POSITION_WAIT,
    HEALED,
    CANCELS,
    RETRIES,
    GIVEN_UP,
    ABANDONED,
    ELECTIONS,
    UNHEARD,
    ROUTES,
    CATALOG_READS,
    CATALOG_TRUSTED,
    HEDGES,
    PIPELINED,
];
