use crate::{
    Error,
    overflow::{OVERFLOW, REFUSED},
};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How values become Prometheus text.
///
/// Every distribution is rendered as a Prometheus histogram with fixed buckets, not as a summary: buckets of
/// several instances can be added up and percentiles asked of the sum, which quantiles of summaries cannot.
/// (Percentiles of one instance are the job of `WindowRecorder`.)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrometheusConfig {
    /// Upper edges for metrics whose name ends in `_seconds`. Default: 17 from 100 µs to 30 s.
    pub seconds_buckets: Vec<f64>,
    /// Upper edges for metrics whose name ends in `_bytes`. Default: 256 B to 64 MiB, each four times the one
    /// before.
    pub bytes_buckets: Vec<f64>,
    /// Upper edges for all other distributions. Default: 13 from 1 to a million.
    pub other_buckets: Vec<f64>,
    /// How many series (a metric with one set of label values) are kept apart, at least 1. Whatever is
    /// registered beyond goes to one series per kind named `forebay_metrics_overflow`, and
    /// `forebay_metrics_series_refused_total` counts it. Default: 4,096.
    pub series_max: usize,
    /// How many values may wait to be put into their buckets, at least 1; 8 bytes each. They are put there when
    /// the text is rendered, and by whoever records the value that reaches this bound. Default: 16,384.
    pub pending_max: usize,
}

impl Default for PrometheusConfig {
    fn default() -> Self {
        Self {
            seconds_buckets: vec![
                0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
                5.0, 10.0, 30.0,
            ],
            bytes_buckets: (4..=13).map(|power| 4_f64.powi(power)).collect(),
            other_buckets: vec![1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 1e4, 1e5, 1e6],
            series_max: 4096,
            pending_max: 16_384,
        }
    }
}

impl PrometheusConfig {
    /// The first setting that cannot work, if any.
    ///
    /// # Errors
    /// [`Error::Setting`] names the field.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |setting, reason| Err(Error::Setting { setting, reason });
        let scales = [
            ("seconds_buckets", &self.seconds_buckets),
            ("bytes_buckets", &self.bytes_buckets),
            ("other_buckets", &self.other_buckets),
        ];
        for (setting, edges) in scales {
            let rising = edges.is_sorted_by(|a, b| a < b) && edges.iter().all(|edge| edge.is_finite());
            if edges.is_empty() || !rising {
                return wrong(setting, "must be at least one finite number, each larger than the one before");
            }
        }
        match (self.series_max, self.pending_max) {
            (0, _) => wrong("series_max", "must be at least 1"),
            (_, 0) => wrong("pending_max", "must be at least 1"),
            _ => Ok(()),
        }
    }
}

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
