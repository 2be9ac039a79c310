use super::PrometheusConfig;
use crate::{
    Error,
    overflow::{OVERFLOW, REFUSED},
};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A recorder that renders the text Prometheus scrapes. Cloning is one reference count; all clones are one
/// recorder.
///
/// It starts no thread, no task and no listener: serve [`render`](Self::render) from a route of your own.
///
/// ```
/// use forebay_metrics::{Meter, Metric, Prometheus};
/// const ORDERS: Metric = Metric::counter("shop_orders_total", &[], "Orders that were accepted");
///
/// let prometheus = Prometheus::default();
/// let meter = Meter::new(prometheus.clone());
/// meter.describe(&[ORDERS]);
/// meter.counter(&ORDERS, &[]).increment(3);
/// assert!(prometheus.render().contains("\nshop_orders_total 3\n"));
/// ```
#[derive(Clone)]
pub struct Prometheus(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    config: PrometheusConfig,
    /// The series kept apart.
    kept: Mutex<HashSet<Key>>,
    refused: Counter,
    /// Values that wait to be put into their buckets. Never too few: those recorded while others are being put
    /// there may be counted again.
    pending: AtomicUsize,
}

static METADATA: Metadata<'static> = Metadata::new("forebay", metrics::Level::INFO, None);

impl Default for Prometheus {
    fn default() -> Self {
        Self::new(PrometheusConfig::default()).expect("the default configuration is valid: a test builds it")
    }
}

impl Prometheus {
    /// A recorder with nothing in it.
    ///
    /// # Errors
    /// [`Error::Setting`] when a setting is out of its range.
    pub fn new(config: PrometheusConfig) -> Result<Self, Error> {
        config.check()?;
        let recorder = build(&config).map_err(|_| Error::Setting {
            setting: "seconds_buckets",
            reason: "or other buckets were refused by the Prometheus exporter",
        })?;
        recorder.describe_counter(REFUSED.name.into(), Some(REFUSED.unit), REFUSED.help.into());
        let refused = recorder.register_counter(&Key::from_static_name(REFUSED.name), &METADATA);
        let handle = recorder.handle();
        let (kept, pending) = (Mutex::default(), AtomicUsize::new(0));
        Ok(Self(Arc::new(Inner { recorder, handle, config, kept, refused, pending })))
    }

    /// The text in the exposition format, version 0.0.4 (`Content-Type: text/plain; version=0.0.4`).
    #[must_use]
    pub fn render(&self) -> String {
        self.0.pending.store(0, Ordering::Relaxed);
        self.0.handle.render()
    }

    /// How many values wait to be put into their buckets.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.0.pending.load(Ordering::Relaxed)
    }

    /// Puts the values that wait into their buckets now. A service that is scraped never needs it; one that is
    /// not, and does not want a request to do it now and then, calls it every few seconds.
    pub fn tick(&self) {
        self.0.sort_in();
    }
}

fn build(config: &PrometheusConfig) -> Result<PrometheusRecorder, BuildError> {
    let builder = PrometheusBuilder::new()
        .set_buckets(&config.other_buckets)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &config.seconds_buckets)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".into()), &config.bytes_buckets)?;
    Ok(builder.build_recorder())
}

impl Inner {
    fn admit<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.contains(key) {
            return Cow::Borrowed(key);
        }
        if kept.len() < self.config.series_max {
            kept.insert(key.to_retained());
            return Cow::Borrowed(key);
        }
        self.refused.increment(1);
        Cow::Owned(OVERFLOW)
    }

    fn counted(&self, values: usize) {
        let before = self.pending.fetch_add(values, Ordering::Relaxed);
        let full = |pending: usize| pending >= self.config.pending_max;
        // Only the one that reaches the bound.
        if !full(before) && full(before.saturating_add(values)) {
            self.sort_in();
        }
    }

    fn sort_in(&self) {
        self.pending.store(0, Ordering::Relaxed);
        self.handle.run_upkeep();
    }
}

struct Bounded {
    recorder: Arc<Inner>,
    histogram: Histogram,
}

impl HistogramFn for Bounded {
    fn record(&self, value: f64) {
        self.histogram.record(value);
        self.recorder.counted(1);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.histogram.record_many(value, count);
        self.recorder.counted(count);
    }
}

impl Recorder for Prometheus {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.recorder.describe_counter(name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.recorder.describe_gauge(name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.recorder.describe_histogram(name, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.0.recorder.register_counter(&self.0.admit(key), metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.0.recorder.register_gauge(&self.0.admit(key), metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let histogram = self.0.recorder.register_histogram(&self.0.admit(key), metadata);
        Histogram::from_arc(Arc::new(Bounded { recorder: Arc::clone(&self.0), histogram }))
    }
}

impl fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prometheus").finish_non_exhaustive()
    }
}
