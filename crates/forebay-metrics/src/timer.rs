use crate::{Kind, Meter, Metric};
use metrics::Histogram;
use std::{future::Future, time::Instant};

/// Measures how long a piece of work takes, by how it ended: `ok`, `error` or `cancelled`.
///
/// Made once with [`Meter::timer`]; starting it reads the clock and nothing else.
///
/// ```
/// use forebay_metrics::{Meter, Metric, WindowRecorder};
/// const RENDER: Metric = Metric::seconds("site_render_seconds", &["page", "outcome"], "Rendering a page");
///
/// let recorder = WindowRecorder::default();
/// let render = Meter::new(recorder.clone()).timer(&RENDER, &["home"]);
/// render.start().ok();
/// render.start().failed();
/// drop(render.start()); // left early, by `?`, a panic or a dropped future
///
/// let page = recorder.snapshot();
/// for outcome in ["ok", "error", "cancelled"] {
///     let labels = [("page", "home"), ("outcome", outcome)];
///     assert_eq!(page.histogram("site_render_seconds", &labels).map(|h| h.hour.rate.count), Some(1));
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Timer {
    ok: Histogram,
    error: Histogram,
    cancelled: Histogram,
}

/// One piece of work under way. Dropping it records the time as `cancelled`.
#[derive(Debug)]
#[must_use = "the time is recorded when this ends"]
pub struct Timing<'a> {
    timer: &'a Timer,
    began: Instant,
    /// Which histogram gets the time when this is dropped.
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Ok,
    Error,
    Cancelled,
}

impl Meter {
    /// A timer for a distribution of seconds whose last label is `outcome`; `labels` are the values of the
    /// labels before it.
    #[must_use]
    pub fn timer(&self, metric: &Metric, labels: &[&str]) -> Timer {
        debug_assert_eq!(metric.kind, Kind::Histogram, "{}", metric.name);
        debug_assert_eq!(metric.labels.last(), Some(&"outcome"), "the last label of {}", metric.name);
        let ending = |outcome| {
            let values: Vec<_> = labels.iter().copied().chain([outcome]).collect();
            self.histogram(metric, &values)
        };
        Timer { ok: ending("ok"), error: ending("error"), cancelled: ending("cancelled") }
    }
}

impl Timer {
    /// Starts the clock.
    pub fn start(&self) -> Timing<'_> {
        Timing { timer: self, began: Instant::now(), outcome: Outcome::Cancelled }
    }

    /// Measures a future: `ok` when it completes, `cancelled` when it is dropped before or panics. The clock
    /// starts at the first poll.
    pub async fn time<F: Future>(&self, future: F) -> F::Output {
        let timing = self.start();
        let output = future.await;
        timing.ok();
        output
    }

    /// [`Timer::time`] for a future that may fail: `error` when it returns `Err`.
    ///
    /// # Errors
    /// Those of `future`.
    pub async fn time_result<T, E, F: Future<Output = Result<T, E>>>(&self, future: F) -> Result<T, E> {
        let timing = self.start();
        let output = future.await;
        if output.is_ok() {
            timing.ok();
        } else {
            timing.failed();
        }
        output
    }
}

impl Timing<'_> {
    /// The work was done.
    pub fn ok(mut self) {
        self.outcome = Outcome::Ok;
    }

    /// The work failed.
    pub fn failed(mut self) {
        self.outcome = Outcome::Error;
    }
}

impl Drop for Timing<'_> {
    fn drop(&mut self) {
        let histogram = match self.outcome {
            Outcome::Ok => &self.timer.ok,
            Outcome::Error => &self.timer.error,
            Outcome::Cancelled => &self.timer.cancelled,
        };
        histogram.record(self.began.elapsed().as_secs_f64());
    }
}
