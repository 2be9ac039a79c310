//! How much is kept.

use crate::setting::{SettingError, at_least_one, sensible};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How much a [`Capture`](crate::Capture) keeps of statements. Everything is in memory only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaptureConfig {
    /// Most statements, by fingerprint. When there are more, those that nobody ran for `idle_max` make room; what finds
    /// none is counted and not kept. Each takes about 3 KiB. Default: 2 000.
    pub statements_max: usize,
    /// How long nobody must have run a statement before it may make room for others. Default: 1 h.
    #[serde(with = "humantime_serde")]
    pub idle_max: Duration,
    /// Bytes of texts whose fingerprints are remembered, so that they are not worked out again. Default: 4 MiB.
    pub texts_bytes_max: usize,
    /// Longest text, in bytes, that is looked at; longer ones are counted and not kept. Default: 64 KiB.
    pub text_bytes_max: usize,
    /// Most places of call per statement; calls from further places are counted together. Default: 8.
    pub places_max: usize,
    /// Calls per statement whose values are kept, if the pool's `observed_values` is `shown`; slow calls are likelier to be
    /// among them. `0` keeps none. Default: 4.
    pub samples_max: usize,
    /// Most bytes of text and values of one such call. Default: 16 KiB.
    pub sample_bytes_max: usize,
    /// After this long a call has to have been 2.7 times as slow to be as likely to be kept as one of now. Default: 10 min.
    #[serde(with = "humantime_serde")]
    pub samples_fade: Duration,
    /// With this many different sets of literals, a statement that carries no parameters is reported as one whose literals
    /// vary. Default: 10.
    pub literals_min: usize,
    /// The log of slow statements.
    pub slow_log: SlowLogConfig,
}

/// The log of slow statements: a `tracing` event at level warn, target `forebay_plan::slow`, without values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlowLogConfig {
    /// Statements that take at least this long, without the wait for a session, are slow. Default: 500 ms.
    #[serde(with = "humantime_serde")]
    pub threshold: Duration,
    /// One event per statement in this time; those left out are counted in the next. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Whether it is written. Default: `true`.
    pub enabled: bool,
}

impl Default for CaptureConfig {
    fn default() -> Self {
        Self {
            statements_max: 2000,
            idle_max: Duration::from_secs(60 * 60),
            texts_bytes_max: 4 << 20,
            text_bytes_max: 64 << 10,
            places_max: 8,
            samples_max: 4,
            sample_bytes_max: 16 << 10,
            samples_fade: Duration::from_secs(10 * 60),
            literals_min: 10,
            slow_log: SlowLogConfig::default(),
        }
    }
}

impl Default for SlowLogConfig {
    fn default() -> Self {
        Self { threshold: Duration::from_millis(500), interval: Duration::from_secs(10), enabled: true }
    }
}

impl CaptureConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), SettingError> {
        at_least_one("statements_max", self.statements_max)?;
        at_least_one("texts_bytes_max", self.texts_bytes_max)?;
        at_least_one("text_bytes_max", self.text_bytes_max)?;
        at_least_one("places_max", self.places_max)?;
        at_least_one("sample_bytes_max", self.sample_bytes_max)?;
        at_least_one("literals_min", self.literals_min)?;
        sensible("idle_max", self.idle_max)?;
        sensible("samples_fade", self.samples_fade)?;
        sensible("slow_log.threshold", self.slow_log.threshold)?;
        sensible("slow_log.interval", self.slow_log.interval)
    }
}
