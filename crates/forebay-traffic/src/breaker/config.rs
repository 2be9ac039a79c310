use crate::Error;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a [`Breaker`](crate::Breaker) opens, for how long, and what closes it again.
///
/// Two rules open it, whichever is met first: `consecutive_failures`, and `failure_ratio` over the last
/// `window_calls` calls. Cancelled calls count for neither.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// Opens after this many failures in a row, at most 250; 0 switches the rule off. Default: 5.
    pub consecutive_failures: u32,
    /// Opens when at least this share of the window's calls failed, from 0 to 1; 0 switches the rule off.
    /// Default: 0.5.
    pub failure_ratio: f64,
    /// How many calls the ratio looks back on, 2 to 60,000. When the window is full, its counts are halved, so
    /// it holds between half this many calls and this many, and old ones fade. Default: 100.
    pub window_calls: u32,
    /// The ratio rule waits until the window holds this many calls, 1 to `window_calls`. Default: 20.
    pub window_calls_min: u32,
    /// How long the first opening lasts. Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub open: Duration,
    /// Each opening that follows a failed probe lasts this many times longer than the one before; at least 1.
    /// Default: 2.
    pub open_growth: f64,
    /// No opening lasts longer. Default: 30 s.
    #[serde(with = "humantime_serde")]
    pub open_max: Duration,
    /// An opening is shortened by a random share of up to this much, from 0 to 1, so that many processes do not
    /// probe at the same moment. It never lengthens. Default: 0.2.
    pub open_jitter: f64,
    /// How many probes may be under way at once in one half-open state, at least 1. A probe that outlives its
    /// state (another one failed meanwhile) no longer counts. Default: 1.
    pub probes: u32,
    /// How many probes must succeed before the breaker closes, at least 1. Default: 1.
    pub successes_to_close: u32,
    /// When every probe is under way and the last one has been for this long, they count as failed: a call that
    /// hangs for ever must not keep the breaker half-open for ever. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub probe_limit: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            failure_ratio: 0.5,
            window_calls: 100,
            window_calls_min: 20,
            open: Duration::from_secs(1),
            open_growth: 2.0,
            open_max: Duration::from_secs(30),
            open_jitter: 0.2,
            probes: 1,
            successes_to_close: 1,
            probe_limit: Duration::from_secs(10),
        }
    }
}

/// No duration of the configuration may be longer: a day.
const LONGEST: Duration = Duration::from_secs(86_400);

impl BreakerConfig {
    /// The first setting that cannot work, if any.
    ///
    /// # Errors
    /// [`Error::BreakerSetting`] names the field and its range.
    pub fn check(&self) -> Result<(), Error> {
        let span = |d: Duration| d > Duration::ZERO && d <= LONGEST;
        let rules = [
            (self.consecutive_failures <= 250, "consecutive_failures", "must be at most 250"),
            ((0.0..=1.0).contains(&self.failure_ratio), "failure_ratio", "must be from 0 to 1"),
            (
                self.consecutive_failures > 0 || self.failure_ratio > 0.0,
                "failure_ratio",
                "and `consecutive_failures` must not both be 0, nothing would open the breaker",
            ),
            ((2..=60_000).contains(&self.window_calls), "window_calls", "must be from 2 to 60000"),
            (
                (1..=self.window_calls).contains(&self.window_calls_min),
                "window_calls_min",
                "must be from 1 to `window_calls`",
            ),
            (span(self.open), "open", "must be more than nothing and at most a day"),
            (
                self.open_growth >= 1.0 && self.open_growth.is_finite(),
                "open_growth",
                "must be at least 1, and finite",
            ),
            (span(self.open_max), "open_max", "must be more than nothing and at most a day"),
            (self.open <= self.open_max, "open_max", "must not be shorter than `open`"),
            ((0.0..=1.0).contains(&self.open_jitter), "open_jitter", "must be from 0 to 1"),
            (self.probes > 0, "probes", "must be at least 1"),
            (self.successes_to_close > 0, "successes_to_close", "must be at least 1"),
            (span(self.probe_limit), "probe_limit", "must be more than nothing and at most a day"),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, setting, reason)) => Err(Error::BreakerSetting { setting, reason }),
            None => Ok(()),
        }
    }

    /// How long the opening lasts that follows `before` openings in a row; `luck` is from 0 to 1.
    pub(super) fn open_for(&self, before: u32, luck: f64) -> Duration {
        let exponent = i32::try_from(before).unwrap_or(i32::MAX);
        let grown = self.open.as_secs_f64() * self.open_growth.powi(exponent);
        let longest = grown.min(self.open_max.as_secs_f64());
        Duration::from_secs_f64(longest * (1.0 - self.open_jitter * luck))
    }
}
