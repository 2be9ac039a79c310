//! What a snapshot and an objective read from the registry.

use super::{
    Clock, CounterView, Distribution, GaugeView, HistogramView, Indicator, Labels, Objective,
    ObjectiveStatus, Selector, Window,
    clock::{HOUR_PERIODS, MINUTE_STEPS, PERIOD_STEPS, start_of, step_at},
    registry::Registry,
};
use metrics::Key;
use std::{sync::atomic::Ordering, time::Duration};

/// A moment of the recorder's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) step: u64,
    pub(super) now: Duration,
}

impl Moment {
    pub(super) fn of(clock: &dyn Clock) -> Self {
        let now = clock.elapsed();
        Self { step: step_at(now), now }
    }

    /// How much time a histogram's window covers that was registered at `since`.
    fn covered(self, window: Window, since: Duration) -> Duration {
        let first = match window {
            Window::Minute => self.step + 1 - MINUTE_STEPS,
            Window::Hour => (self.step / PERIOD_STEPS + 1 - HOUR_PERIODS) * PERIOD_STEPS,
        };
        self.now.saturating_sub(start_of(first).max(since))
    }
}

pub(super) fn counters(registry: &Registry, moment: Moment) -> Vec<CounterView> {
    let view = |(key, series): (&Key, &super::counter::Series)| {
        let (unit, help) = registry.described(key.name());
        CounterView {
            name: key.name().to_owned(),
            labels: labels(key),
            unit,
            help,
            total: series.total(),
            minute: series.window(Window::Minute, moment),
            hour: series.window(Window::Hour, moment),
        }
    };
    registry.counters.iter().map(view).collect()
}

pub(super) fn gauges(registry: &Registry) -> Vec<GaugeView> {
    let view = |(key, bits): (&Key, &std::sync::Arc<std::sync::atomic::AtomicU64>)| {
        let (unit, help) = registry.described(key.name());
        GaugeView {
            name: key.name().to_owned(),
            labels: labels(key),
            unit,
            help,
            value: f64::from_bits(bits.load(Ordering::Relaxed)),
        }
    };
    registry.gauges.iter().map(view).collect()
}

pub(super) fn histograms(registry: &Registry, moment: Moment) -> Vec<HistogramView> {
    let view = |(key, series): (&Key, &std::sync::Arc<super::histogram::Series>)| {
        let (unit, help) = registry.described(key.name());
        let of = |window| Distribution::of(&series.window(window), moment.covered(window, series.since));
        HistogramView {
            name: key.name().to_owned(),
            labels: labels(key),
            unit,
            help,
            minute: of(Window::Minute),
            hour: of(Window::Hour),
        }
    };
    registry.histograms.iter().map(view).collect()
}

pub(super) fn judge(objective: &Objective, registry: &Registry, moment: Moment) -> ObjectiveStatus {
    let counted = |selector: &Selector| {
        let selected = registry.counters.iter().filter(|(key, _)| selector.selects(key));
        selected.map(|(_, series)| series.window(objective.window, moment).count as f64).sum::<f64>()
    };
    let (good, total) = match &objective.indicator {
        Indicator::AtMost { histogram, limit } => {
            let selected = registry.histograms.iter().filter(|(key, _)| histogram.selects(key));
            let merged = selected.map(|(_, series)| series.window(objective.window));
            merged.fold((0.0, 0.0), |(good, total), m| (good + m.at_most(*limit), total + m.count as f64))
        }
        Indicator::Good { good, total } => (counted(good), counted(total)),
        Indicator::Bad { bad, total } => {
            let total = counted(total);
            (total - counted(bad), total)
        }
    };
    objective.status(good, total)
}

fn labels(key: &Key) -> Labels {
    key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect()
}
