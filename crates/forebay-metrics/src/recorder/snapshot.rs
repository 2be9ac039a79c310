use super::{ObjectiveStatus, merged::Merged};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// The labels of a series: name and value.
pub type Labels = BTreeMap<String, String>;

/// Everything a recorder knew at one moment, ordered by name and labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// What was counted.
    pub counters: Vec<CounterView>,
    /// What goes up and down.
    pub gauges: Vec<GaugeView>,
    /// Distributions.
    pub histograms: Vec<HistogramView>,
    /// How the objectives of the configuration are doing, in their order.
    pub objectives: Vec<ObjectiveStatus>,
}

/// One counter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CounterView {
    /// The metric's name.
    pub name: String,
    /// The series' labels.
    pub labels: Labels,
    /// The metric's unit as the `metrics` crate names it, when it was described.
    pub unit: Option<&'static str>,
    /// What the metric means, when it was described.
    pub help: Option<String>,
    /// The count since the process started.
    pub total: u64,
    /// The count in the last minute.
    pub minute: Rate,
    /// The count in the last hour.
    pub hour: Rate,
}

/// One gauge.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GaugeView {
    /// The metric's name.
    pub name: String,
    /// The series' labels.
    pub labels: Labels,
    /// The metric's unit as the `metrics` crate names it, when it was described.
    pub unit: Option<&'static str>,
    /// What the metric means, when it was described.
    pub help: Option<String>,
    /// The last value.
    pub value: f64,
}

/// One histogram.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistogramView {
    /// The metric's name.
    pub name: String,
    /// The series' labels.
    pub labels: Labels,
    /// The metric's unit as the `metrics` crate names it, when it was described.
    pub unit: Option<&'static str>,
    /// What the metric means, when it was described.
    pub help: Option<String>,
    /// The values of the last minute.
    pub minute: Distribution,
    /// The values of the last hour.
    pub hour: Distribution,
}

/// How many, and how many a second.
///
/// A window moves in steps (five seconds for the minute, five minutes for the hour) and holds the part of the
/// newest step that has passed: it covers 55 to 60 seconds, or 55 to 60 minutes; less where the series is
/// younger. A counter's window reaches further back when nobody moved the time on meanwhile: see
/// [`WindowRecorder::tick`](super::WindowRecorder::tick).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rate {
    /// Events in the window.
    pub count: u64,
    /// Events divided by the time that the window covers.
    pub per_second: f64,
}

/// The values of one window, in the metric's unit. Everything is 0 while there are none.
///
/// Percentiles are nearest-rank and within 3.1 % of the exact value; `mean` and `max` are exact. Negative values
/// count as 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Distribution {
    /// How many values.
    #[serde(flatten)]
    pub rate: Rate,
    /// Their arithmetic mean.
    pub mean: f64,
    /// Half of them are at most this.
    pub p50: f64,
    /// 95 % of them are at most this.
    pub p95: f64,
    /// 99 % of them are at most this.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

impl Rate {
    pub(super) fn over(count: u64, span: Duration) -> Self {
        let seconds = span.as_secs_f64();
        Self { count, per_second: if seconds > 0.0 { count as f64 / seconds } else { 0.0 } }
    }
}

impl Distribution {
    pub(super) fn of(merged: &Merged, span: Duration) -> Self {
        let at = |share| merged.percentile(share);
        Self {
            rate: Rate::over(merged.count, span),
            mean: merged.mean(),
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            max: merged.max,
        }
    }
}

impl Snapshot {
    /// The counter with this name and exactly these labels.
    #[must_use]
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> Option<&CounterView> {
        self.counters.iter().find(|view| view.name == name && same(&view.labels, labels))
    }

    /// The gauge with this name and exactly these labels.
    #[must_use]
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Option<&GaugeView> {
        self.gauges.iter().find(|view| view.name == name && same(&view.labels, labels))
    }

    /// The histogram with this name and exactly these labels.
    #[must_use]
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<&HistogramView> {
        self.histograms.iter().find(|view| view.name == name && same(&view.labels, labels))
    }

    /// The objective with this name.
    #[must_use]
    pub fn objective(&self, name: &str) -> Option<&ObjectiveStatus> {
        self.objectives.iter().find(|status| status.name == name)
    }
}

fn same(labels: &Labels, asked: &[(&str, &str)]) -> bool {
    labels.len() == asked.len() && asked.iter().all(|(k, v)| labels.get(*k).is_some_and(|found| found == v))
}
