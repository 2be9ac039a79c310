use crate::{Kind, Metric};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use std::{fmt, sync::Arc};

/// Where measurements go: a cheap handle around a [`metrics::Recorder`].
///
/// Registering a handle may allocate and lock, so it is done once, when a cache or a pool is built.
#[derive(Clone)]
pub struct Meter(Target);

#[derive(Clone)]
enum Target {
    /// The recorder installed for the whole process with the `metrics` crate, looked up at registration.
    Global,
    Given(Arc<dyn Recorder + Send + Sync>),
    Nowhere,
}

impl Meter {
    /// Sends measurements to `recorder`.
    pub fn new(recorder: impl Recorder + Send + Sync + 'static) -> Self {
        Self(Target::Given(Arc::new(recorder)))
    }

    /// Sends measurements to a recorder that others hold as well.
    #[must_use]
    pub fn shared(recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        Self(Target::Given(recorder))
    }

    /// Sends measurements to the recorder installed with [`metrics::set_global_recorder`]. Handles that were
    /// registered before one is installed go nowhere.
    #[must_use]
    pub const fn global() -> Self {
        Self(Target::Global)
    }

    /// Whether this is [`Meter::global`] and no recorder is installed yet, so that handles registered now would
    /// go nowhere for good. What is built with a meter asks this once and warns.
    ///
    /// The `metrics` crate answers with a recorder without any state when none is installed; a recorder of the
    /// host's own that has no state either (a unit struct over statics) is taken for none.
    #[must_use]
    pub fn lacks_recorder(&self) -> bool {
        matches!(self.0, Target::Global) && metrics::with_recorder(|recorder| size_of_val(recorder) == 0)
    }

    /// Measures nothing.
    #[must_use]
    pub const fn disabled() -> Self {
        Self(Target::Nowhere)
    }

    /// Announces metrics to the recorder, so that pages can show their unit and meaning.
    pub fn describe(&self, metrics: &[Metric]) {
        self.with(|recorder| {
            for metric in metrics {
                let (name, unit, help) = (metric.name.into(), Some(metric.unit), metric.help.into());
                match metric.kind {
                    Kind::Counter => recorder.describe_counter(name, unit, help),
                    Kind::Gauge => recorder.describe_gauge(name, unit, help),
                    Kind::Histogram => recorder.describe_histogram(name, unit, help),
                }
            }
        });
    }

    /// A handle for a counter; `labels` are the values of the metric's label names, in their order.
    pub fn counter(&self, metric: &Metric, labels: &[&str]) -> Counter {
        debug_assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
        self.with(|r| r.register_counter(&key(metric, labels), &METADATA)).unwrap_or_else(Counter::noop)
    }

    /// A handle for a gauge; see [`Meter::counter`].
    pub fn gauge(&self, metric: &Metric, labels: &[&str]) -> Gauge {
        debug_assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
        self.with(|r| r.register_gauge(&key(metric, labels), &METADATA)).unwrap_or_else(Gauge::noop)
    }

    /// A handle for a histogram; see [`Meter::counter`].
    pub fn histogram(&self, metric: &Metric, labels: &[&str]) -> Histogram {
        debug_assert_eq!(metric.kind, Kind::Histogram, "{}", metric.name);
        self.with(|r| r.register_histogram(&key(metric, labels), &METADATA)).unwrap_or_else(Histogram::noop)
    }

    fn with<R>(&self, f: impl FnOnce(&dyn Recorder) -> R) -> Option<R> {
        match &self.0 {
            Target::Global => Some(metrics::with_recorder(f)),
            Target::Given(recorder) => Some(f(recorder)),
            Target::Nowhere => None,
        }
    }
}

static METADATA: Metadata<'static> = Metadata::new("forebay", Level::INFO, None);

fn key(metric: &Metric, values: &[&str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "labels of {}", metric.name);
    let labels = metric.labels.iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}

impl Default for Meter {
    /// [`Meter::global`].
    fn default() -> Self {
        Self::global()
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Target::Global => "Meter(global)",
            Target::Given(_) => "Meter(given)",
            Target::Nowhere => "Meter(disabled)",
        })
    }
}
