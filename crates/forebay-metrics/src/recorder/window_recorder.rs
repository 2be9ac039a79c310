use super::{
    Clock, Objective, ObjectiveStatus, RecorderConfig, Snapshot,
    clock::{Monotonic, step_at},
    histogram::Series,
    registry::Registry,
    view::{self, Moment},
};
use crate::Error;
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// A recorder inside the process: counts, rates and percentiles of the last minute and the last hour, in bounded
/// memory. Cloning is one reference count; all clones are one recorder.
///
/// Counting is one addition, which waits for nobody. Recording a value reads the clock and does three atomic updates; it takes no
/// lock and waits for nobody. Registering a series and taking a snapshot lock the recorder.
#[derive(Clone)]
pub struct WindowRecorder(Arc<Inner>);

struct Inner {
    clock: Box<dyn Clock>,
    /// The step that recorded values go to. Moved on under the registry's lock.
    step: AtomicU64,
    objectives: Vec<Objective>,
    registry: Mutex<Registry>,
}

impl Default for WindowRecorder {
    fn default() -> Self {
        Self::build(RecorderConfig::default(), Monotonic::start())
    }
}

impl WindowRecorder {
    /// A recorder on the operating system's clock.
    ///
    /// # Errors
    /// When a setting is out of its range or an objective cannot be judged.
    pub fn new(config: RecorderConfig) -> Result<Self, Error> {
        Self::with_clock(config, Monotonic::start())
    }

    /// A recorder on a clock of your own.
    ///
    /// # Errors
    /// Those of [`WindowRecorder::new`].
    pub fn with_clock(config: RecorderConfig, clock: impl Clock) -> Result<Self, Error> {
        config.check()?;
        Ok(Self::build(config, clock))
    }

    fn build(config: RecorderConfig, clock: impl Clock) -> Self {
        let moment = Moment::of(&clock);
        Self(Arc::new(Inner {
            clock: Box::new(clock),
            step: AtomicU64::new(moment.step),
            objectives: config.objectives,
            registry: Mutex::new(Registry::new(config.series_max, moment)),
        }))
    }

    /// Moves the windows on to the present.
    ///
    /// Recording values and taking snapshots do that too. It is for a service that only counts, and wants the
    /// rates of its counters exact after minutes in which nobody looked: call it every few seconds then.
    pub fn tick(&self) {
        self.0.advance(&mut self.0.registry());
    }

    /// Everything that is known now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut registry = self.0.registry();
        let moment = self.0.advance(&mut registry);
        let mut snapshot = Snapshot {
            counters: view::counters(&registry, moment),
            gauges: view::gauges(&registry),
            histograms: view::histograms(&registry, moment),
            objectives: self.0.objectives.iter().map(|o| view::judge(o, &registry, moment)).collect(),
        };
        drop(registry);
        snapshot.counters.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        snapshot.gauges.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        snapshot.histograms.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        snapshot
    }

    /// How an objective is doing that is not in the configuration.
    ///
    /// # Errors
    /// When it cannot be judged.
    pub fn judge(&self, objective: &Objective) -> Result<ObjectiveStatus, Error> {
        objective.check()?;
        let mut registry = self.0.registry();
        let moment = self.0.advance(&mut registry);
        Ok(view::judge(objective, &registry, moment))
    }
}

impl Inner {
    fn advance(&self, registry: &mut Registry) -> Moment {
        let (from, moment) = (self.step.load(Ordering::Acquire), Moment::of(&*self.clock));
        if moment.step > from {
            registry.advance(from, moment.step);
            self.step.store(moment.step, Ordering::Release);
        }
        moment
    }

    /// The step to record into. Whoever comes first after a step began moves time on; the others do not wait for
    /// it and record into the step before.
    fn step_now(&self) -> u64 {
        if step_at(self.clock.elapsed()) > self.step.load(Ordering::Acquire)
            && let Ok(mut registry) = self.registry.try_lock()
        {
            self.advance(&mut registry);
        }
        self.step.load(Ordering::Acquire)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // A panic cannot leave it half written: each change is one insertion or one step of a series.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a [`Histogram`] points to.
struct Handle {
    recorder: Arc<Inner>,
    series: Arc<Series>,
}

impl HistogramFn for Handle {
    fn record(&self, value: f64) {
        self.series.record(self.recorder.step_now(), value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.series.record(self.recorder.step_now(), value, u32::try_from(count).unwrap_or(u32::MAX));
    }
}

impl Recorder for WindowRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.registry().describe(name.as_str(), unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.registry().describe(name.as_str(), unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.registry().describe(name.as_str(), unit, help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut registry = self.0.registry();
        let moment = self.0.advance(&mut registry);
        Counter::from_arc(registry.counter(key, moment))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.0.registry().gauge(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut registry = self.0.registry();
        let moment = self.0.advance(&mut registry);
        let series = registry.histogram(key, moment);
        Histogram::from_arc(Arc::new(Handle { recorder: Arc::clone(&self.0), series }))
    }
}

impl fmt::Debug for WindowRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowRecorder").finish_non_exhaustive()
    }
}
