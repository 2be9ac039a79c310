use crate::Error;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What calls cost, which members stand out, and how they leave and come back.
///
/// The defaults suit fleets of a few servers; with one member nothing is ever ejected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BalancerConfig {
    /// What a failed call costs: a member that fails this share of its calls is as dear as one whose answers take
    /// that share of this time longer. Well above any normal answer, or a member that fails fast draws the
    /// traffic. Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub error_cost: Duration,
    /// A slow answer counts in full at once, and 37 % of it after this time of faster ones, or of none. Longer
    /// avoids slow members for longer; shorter forgets a single slow call sooner. Default: 2 s.
    #[serde(with = "humantime_serde")]
    pub latency_decay: Duration,
    /// How long outcomes are remembered for the share of failures and for comparing members: 37 % of their weight
    /// is left after this time. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub outcome_memory: Duration,
    /// How often members are compared, by a call that comes by; also the step in which shares grow and shrink.
    /// Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub judge_every: Duration,
    /// A member is compared, and compared with, only when this many of its calls are remembered, at least 1.
    /// Default: 20.
    pub calls_min: u32,
    /// A member stands out when the share of its calls that failed is higher than the median of its peers' by at
    /// least this much, from 0 to 1; 0 switches the rule off. Default: 0.25.
    pub error_gap: f64,
    /// A member stands out when its answers typically (geometric mean) take at least this many times as long as the
    /// median of its peers', and `latency_gap` longer; at least 1, 0 switches the rule off. Default: 4.
    pub latency_factor: f64,
    /// See `latency_factor`: among fast servers a multiple means nothing. Default: 10 ms.
    #[serde(with = "humantime_serde")]
    pub latency_gap: Duration,
    /// At most this share of the members, rounded down, is without its full share of traffic at one time, and
    /// always fewer than all: of two members at most one, of one none; from 0 to 1, 0 ejects nobody.
    ///
    /// It is the threshold of panic as well: when of the candidates of one pick more than this share is ejected
    /// (because the caller excluded the others), ejections are ignored for this pick, and cost alone decides.
    /// Default: 0.5.
    pub ejected_max: f64,
    /// How long a member gets no calls when it was ejected for the first time. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub ejection: Duration,
    /// Each further ejection lasts this many times longer than the one before; at least 1. Default: 2.
    pub ejection_growth: f64,
    /// No ejection lasts longer, and a member that was whole for this long starts over with `ejection`.
    /// Default: 5 min.
    #[serde(with = "humantime_serde")]
    pub ejection_max: Duration,
    /// How long it takes until a member that comes back has its full share again. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub slow_start: Duration,
}

impl Default for BalancerConfig {
    fn default() -> Self {
        Self {
            error_cost: Duration::from_secs(1),
            latency_decay: Duration::from_secs(2),
            outcome_memory: Duration::from_secs(10),
            judge_every: Duration::from_secs(1),
            calls_min: 20,
            error_gap: 0.25,
            latency_factor: 4.0,
            latency_gap: Duration::from_millis(10),
            ejected_max: 0.5,
            ejection: Duration::from_secs(10),
            ejection_growth: 2.0,
            ejection_max: Duration::from_secs(300),
            slow_start: Duration::from_secs(10),
        }
    }
}

/// No duration of the configuration may be longer: a day.
const LONGEST: Duration = Duration::from_secs(86_400);
const SPAN: &str = "must be more than nothing and at most a day";

impl BalancerConfig {
    /// The first setting that cannot work, if any.
    ///
    /// # Errors
    /// [`Error::BalancerSetting`] names the field and its range.
    pub fn check(&self) -> Result<(), Error> {
        let span = |d: Duration| d > Duration::ZERO && d <= LONGEST;
        let share = |share: f64| (0.0..=1.0).contains(&share);
        let factor = |factor: f64| factor >= 1.0 && factor.is_finite();
        let rules = [
            (span(self.error_cost), "error_cost", SPAN),
            (span(self.latency_decay), "latency_decay", SPAN),
            (span(self.outcome_memory), "outcome_memory", SPAN),
            (span(self.judge_every), "judge_every", SPAN),
            (self.calls_min > 0, "calls_min", "must be at least 1"),
            (share(self.error_gap), "error_gap", "must be from 0 to 1"),
            (
                self.latency_factor == 0.0 || factor(self.latency_factor),
                "latency_factor",
                "must be 0, or at least 1 and finite",
            ),
            (self.latency_gap <= LONGEST, "latency_gap", "must be at most a day"),
            (share(self.ejected_max), "ejected_max", "must be from 0 to 1"),
            (span(self.ejection), "ejection", SPAN),
            (factor(self.ejection_growth), "ejection_growth", "must be at least 1, and finite"),
            (span(self.ejection_max), "ejection_max", SPAN),
            (self.ejection <= self.ejection_max, "ejection_max", "must not be shorter than `ejection`"),
            (span(self.slow_start), "slow_start", SPAN),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, setting, reason)) => Err(Error::BalancerSetting { setting, reason }),
            None => Ok(()),
        }
    }

    /// How many of this many may be ejected.
    pub(super) fn ejected_most(&self, members: usize) -> usize {
        ((members as f64 * self.ejected_max) as usize).min(members.saturating_sub(1))
    }

    /// How long the ejection lasts that follows `before` others.
    pub(super) fn ejection_for(&self, before: u32) -> Duration {
        let exponent = i32::try_from(before).unwrap_or(i32::MAX);
        let grown = self.ejection.as_secs_f64() * self.ejection_growth.powi(exponent);
        Duration::from_secs_f64(grown.min(self.ejection_max.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::BalancerConfig;

    #[test]
    fn fewer_than_all_may_be_ejected_whatever_the_share() {
        let most = |ejected_max, members: [usize; 5]| {
            let config = BalancerConfig { ejected_max, ..BalancerConfig::default() };
            members.map(|members| config.ejected_most(members))
        };
        assert_eq!(most(0.5, [0, 1, 2, 3, 5]), [0, 0, 1, 1, 2]);
        assert_eq!(most(1.0, [0, 1, 2, 3, 5]), [0, 0, 1, 2, 4]);
        assert_eq!(most(0.0, [0, 1, 2, 3, 5]), [0; 5]);
    }
}
