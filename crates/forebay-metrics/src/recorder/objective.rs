use super::Labels;
use crate::Error;
use serde::{Deserialize, Serialize};

/// Something the service promises: that a share of events is good over a window.
///
/// ```
/// use forebay_metrics::{Indicator, Objective, RecorderConfig, Selector, Window, WindowRecorder};
///
/// let fast = Objective {
///     name: "answers within 250 ms".into(),
///     indicator: Indicator::AtMost { histogram: Selector::named("site_answer_seconds"), limit: 0.25 },
///     target: 0.99,
///     window: Window::Hour,
/// };
/// let recorder = WindowRecorder::new(RecorderConfig { objectives: vec![fast], ..RecorderConfig::default() })?;
/// assert_eq!(recorder.snapshot().objectives[0].budget_left, 1.0);
/// # Ok::<(), forebay_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// What it is called on pages.
    pub name: String,
    /// Which events count, and which of them are good.
    pub indicator: Indicator,
    /// The share of events that must be good: more than 0, less than 1.
    pub target: f64,
    /// Over how long.
    pub window: Window,
}

/// Which events count, and which of them are good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Indicator {
    /// The values of a histogram; those up to a limit are good. Values within a sixteenth of the limit may be
    /// counted on either side, unless the limit is a power of two.
    AtMost {
        /// The histogram.
        histogram: Selector,
        /// The largest good value, in the metric's unit.
        limit: f64,
    },
    /// Two counters, one of which counts only good events.
    Good {
        /// Counts good events.
        good: Selector,
        /// Counts all events.
        total: Selector,
    },
    /// Two counters, one of which counts only bad events.
    Bad {
        /// Counts bad events.
        bad: Selector,
        /// Counts all events.
        total: Selector,
    },
}

/// Selects the series of a metric; several are added up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// The metric's name.
    pub name: String,
    /// Labels that a series must carry, among others. Default: none, every series of the metric.
    #[serde(default)]
    pub labels: Labels,
}

/// One of the windows that a recorder keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last minute.
    Minute,
    /// The last hour.
    Hour,
}

/// How an objective is doing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ObjectiveStatus {
    /// The objective's name.
    pub name: String,
    /// The share of events that must be good.
    pub target: f64,
    /// Over how long.
    pub window: Window,
    /// Good events in the window.
    pub good: f64,
    /// Events in the window.
    pub total: f64,
    /// The share of events that were good; 1 when there were none.
    pub compliance: f64,
    /// What is left of the bad events that the target allows: 1 is all of it, 0 none, below 0 the objective is
    /// missed (-1: twice as many bad events as allowed).
    pub budget_left: f64,
}

impl Selector {
    /// Every series of a metric.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), labels: Labels::new() }
    }

    /// Only series with this label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    pub(super) fn selects(&self, key: &metrics::Key) -> bool {
        let carries = |(name, value): (&String, &String)| {
            key.labels().any(|label| label.key() == name && label.value() == value)
        };
        key.name() == self.name && self.labels.iter().all(carries)
    }
}

impl Objective {
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong = |reason| Err(Error::Objective { name: self.name.clone(), reason });
        if !(self.target > 0.0 && self.target < 1.0) {
            return wrong("the target must be more than 0 and less than 1");
        }
        match self.indicator {
            Indicator::AtMost { limit, .. } if !(limit > 0.0 && limit.is_finite()) => {
                wrong("the limit must be more than 0, and finite")
            }
            _ => Ok(()),
        }
    }

    /// Judges `good` of `total` events.
    pub(super) fn status(&self, good: f64, total: f64) -> ObjectiveStatus {
        // Two counters are read one after the other: the good ones may be ahead by those of a moment.
        let good = good.clamp(0.0, total);
        let compliance = if total > 0.0 { good / total } else { 1.0 };
        ObjectiveStatus {
            name: self.name.clone(),
            target: self.target,
            window: self.window,
            good,
            total,
            compliance,
            budget_left: 1.0 - (1.0 - compliance) / (1.0 - self.target),
        }
    }
}
