//! The observer.

use super::{
    By, CaptureConfig, Dropped, StatementReport, meters::CaptureMeters, sample::Sample, slow, table::Table,
};
use crate::setting::SettingError;
use forebay_metrics::Meter;
use forebay_pool::{QueryEvent, QueryObserver};
use forebay_sql::Fingerprint;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Keeps what a pool's statements do, per fingerprint: calls, times, rows, ends, places of call, and a few calls with their values.
/// Cloning is one reference count.
///
/// It is in the caller's way for about a microsecond per call, waits for nobody, and does no I/O. Whatever it gives out is without values,
/// but for [`Capture::samples`].
///
/// ```no_run
/// use forebay_plan::{By, Capture, CaptureConfig};
/// use forebay_pool::{Pool, PoolConfig};
/// use std::sync::Arc;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let capture = Capture::new(CaptureConfig::default())?;
/// let config = PoolConfig::from_url("postgres://app@db-1/shop")?;
/// let pool = Pool::builder(config).observer(Arc::new(capture.clone())).build().await?;
///
/// pool.query("SELECT name FROM users WHERE id = $1", &[&7_i64]).await?;
/// for statement in capture.top(By::TotalTime, 10) {
///     println!("{} {:.1} ms  {}", statement.calls, statement.total_ms, statement.statement);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Capture(Arc<Inner>);

struct Inner {
    config: CaptureConfig,
    began: Instant,
    table: Table,
    meters: CaptureMeters,
    /// Time on servers of all calls, kept or not, in nanoseconds.
    busy_ns: AtomicU64,
}

impl Capture {
    /// One that measures itself with the process-wide recorder.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn new(config: CaptureConfig) -> Result<Self, SettingError> {
        Self::measured(config, &Meter::default())
    }

    /// One that measures itself with `meter`.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn measured(config: CaptureConfig, meter: &Meter) -> Result<Self, SettingError> {
        config.check()?;
        let (table, meters) = (Table::new(&config), CaptureMeters::new(meter));
        let busy_ns = AtomicU64::new(0);
        Ok(Self(Arc::new(Inner { config, began: Instant::now(), table, meters, busy_ns })))
    }

    /// Every statement, those with the most time first.
    #[must_use]
    pub fn statements(&self) -> Vec<StatementReport> {
        self.top(By::TotalTime, usize::MAX)
    }

    /// The first `count` statements in an order.
    #[must_use]
    pub fn top(&self, by: By, count: usize) -> Vec<StatementReport> {
        let mut all: Vec<_> = self.0.table.all().iter().map(|entry| StatementReport::of(entry)).collect();
        all.sort_by(|one, other| by.key(other).total_cmp(&by.key(one)));
        all.truncate(count);
        all
    }

    /// One statement.
    #[must_use]
    pub fn statement(&self, fingerprint: Fingerprint) -> Option<StatementReport> {
        self.0.table.of(fingerprint).map(|entry| StatementReport::of(&entry))
    }

    /// Calls of a statement with their own text and **values**, the slowest first: to ask the planner about, not to be shown. None
    /// unless the pool's [`observed_values`](forebay_pool::PoolConfig) is `shown`.
    #[must_use]
    pub fn samples(&self, fingerprint: Fingerprint) -> Vec<Arc<Sample>> {
        self.0.table.of(fingerprint).map_or_else(Vec::new, |entry| entry.samples.all())
    }

    /// The slowest call that is kept of each statement, if it took at least `took_min`; the statements with the most time first.
    pub(crate) fn slowest_samples(&self, took_min: Duration) -> Vec<(Fingerprint, Arc<Sample>)> {
        let mut slowest: Vec<_> = self
            .0
            .table
            .all()
            .iter()
            .filter_map(|entry| {
                let sample =
                    entry.samples.all().into_iter().next().filter(|sample| sample.took >= took_min)?;
                Some((entry.took_ns.load(Ordering::Relaxed), entry.fingerprint, sample))
            })
            .collect();
        slowest.sort_by_key(|(took, ..)| std::cmp::Reverse(*took));
        slowest.into_iter().map(|(_, fingerprint, sample)| (fingerprint, sample)).collect()
    }

    /// What was not kept.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.0.table.dropped()
    }

    /// How long servers were busy with the calls of this capture, as their callers saw it.
    #[must_use]
    pub fn busy(&self) -> Duration {
        Duration::from_nanos(self.0.busy_ns.load(Ordering::Relaxed))
    }

    /// Begins anew: forgets every statement and value.
    pub fn clear(&self) {
        self.0.table.clear();
    }
}

impl QueryObserver for Capture {
    fn observe(&self, event: &QueryEvent<'_>) {
        let Inner { config, began, table, meters, busy_ns } = &*self.0;
        let since = began.elapsed();
        let took = event.round_trip + event.fetch;
        busy_ns.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
        let Some(entry) = table.entry(event, since, config, meters) else { return };
        entry.add(event, took, since);
        entry.sample(event, took, since, config);
        if took >= config.slow_log.threshold {
            meters.slow.increment(1);
            if config.slow_log.enabled {
                slow::log(&entry, event, took, since, &config.slow_log);
            }
        }
    }
}

impl fmt::Debug for Capture {
    /// How many statements, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").field("table", &self.0.table).finish_non_exhaustive()
    }
}
