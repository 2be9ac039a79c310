use super::Objective;
use crate::Error;
use serde::{Deserialize, Serialize};

/// What a [`WindowRecorder`](super::WindowRecorder) keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecorderConfig {
    /// How many series (a metric with one set of label values) are kept apart, at least 1. Whatever is
    /// registered beyond goes to one series per kind named `forebay_metrics_overflow`, and
    /// `forebay_metrics_series_refused_total` counts it. Default: 2,048.
    ///
    /// A counter takes less than two kilobytes. A histogram takes about 20 KiB once it was busy for an hour with values
    /// that lie within a factor of 256, and never more than 300 KiB.
    pub series_max: usize,
    /// What is judged in each snapshot. Default: none.
    pub objectives: Vec<Objective>,
}

impl Default for RecorderConfig {
    fn default() -> Self {
        Self { series_max: 2048, objectives: Vec::new() }
    }
}

impl RecorderConfig {
    /// The first setting that cannot work, if any.
    ///
    /// # Errors
    /// [`Error::Setting`] and [`Error::Objective`] name what is wrong.
    pub fn check(&self) -> Result<(), Error> {
        if self.series_max == 0 {
            return Err(Error::Setting { setting: "series_max", reason: "must be at least 1" });
        }
        self.objectives.iter().try_for_each(Objective::check)
    }
}
