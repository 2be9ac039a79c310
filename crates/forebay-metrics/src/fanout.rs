use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use std::{fmt, sync::Arc};

/// A recorder that passes everything on to several others, so that one [`Meter`](crate::Meter) feeds them all.
///
/// (The fan-out of `metrics-util` cannot be sent between threads, which a `Meter` must be.)
///
/// ```
/// use forebay_metrics::{Fanout, Meter, WindowRecorder};
/// let page = WindowRecorder::default();
/// let other = WindowRecorder::default(); // or a `Prometheus`, or any recorder
/// let meter = Meter::new(Fanout::new().with(page.clone()).with(other.clone()));
/// # let _ = meter;
/// ```
#[derive(Clone, Default)]
pub struct Fanout(Vec<Arc<dyn Recorder + Send + Sync>>);

impl Fanout {
    /// A fan-out to nobody yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a recorder. Default: none.
    #[must_use]
    pub fn with(mut self, recorder: impl Recorder + Send + Sync + 'static) -> Self {
        self.0.push(Arc::new(recorder));
        self
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fanout(to {})", self.0.len())
    }
}

struct All<H>(Box<[H]>);

impl CounterFn for All<Counter> {
    fn increment(&self, value: u64) {
        self.0.iter().for_each(|counter| counter.increment(value));
    }

    fn absolute(&self, value: u64) {
        self.0.iter().for_each(|counter| counter.absolute(value));
    }
}

impl GaugeFn for All<Gauge> {
    fn increment(&self, value: f64) {
        self.0.iter().for_each(|gauge| gauge.increment(value));
    }

    fn decrement(&self, value: f64) {
        self.0.iter().for_each(|gauge| gauge.decrement(value));
    }

    fn set(&self, value: f64) {
        self.0.iter().for_each(|gauge| gauge.set(value));
    }
}

impl HistogramFn for All<Histogram> {
    fn record(&self, value: f64) {
        self.0.iter().for_each(|histogram| histogram.record(value));
    }

    fn record_many(&self, value: f64, count: usize) {
        self.0.iter().for_each(|histogram| histogram.record_many(value, count));
    }
}

impl Recorder for Fanout {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.iter().for_each(|r| r.describe_counter(name.clone(), unit, help.clone()));
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.iter().for_each(|r| r.describe_gauge(name.clone(), unit, help.clone()));
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.iter().for_each(|r| r.describe_histogram(name.clone(), unit, help.clone()));
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let all = self.0.iter().map(|r| r.register_counter(key, metadata)).collect();
        Counter::from_arc(Arc::new(All(all)))
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        let all = self.0.iter().map(|r| r.register_gauge(key, metadata)).collect();
        Gauge::from_arc(Arc::new(All(all)))
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let all = self.0.iter().map(|r| r.register_histogram(key, metadata)).collect();
        Histogram::from_arc(Arc::new(All(all)))
    }
}
