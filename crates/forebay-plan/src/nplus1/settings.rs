use crate::setting::{SettingError, at_least_one};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the [detector](super::NPlusOneDetector) watches, how much it keeps, and what it does with what it finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NPlusOneConfig {
    /// One request in so many is watched; 1 is every one. Default: 1.
    pub one_request_in: u64,
    /// How many requests are watched at the same time; of others only the statements are counted. Default: 256.
    pub requests_max: usize,
    /// How many statements of a request are looked at. Default: 512.
    pub statements_max: usize,
    /// How many returned values of a request are remembered, as marks of 8 bytes each. Default: 8192.
    pub values_max: usize,
    /// How many different findings are kept; more are counted. Default: 256.
    pub findings_max: usize,
    /// From how many calls on a read is reported. Default: 2.
    pub calls_min: usize,
    /// From how many calls on a loop of writes is reported. Default: 3.
    pub writes_min: usize,
    /// The same question asked again after a pause of this, with nothing in between, is polling and not reported.
    /// Default: 10 ms.
    #[serde(with = "humantime_serde")]
    pub polling_pause: Duration,
    /// What happens when something is found. Default: `collect`.
    pub strict: Strict,
    /// Whether values that are written into statements may stand in the queries that findings propose; else they become
    /// parameters there. Default: `false`.
    pub literals: bool,
}

impl Default for NPlusOneConfig {
    fn default() -> Self {
        Self {
            one_request_in: 1,
            requests_max: 256,
            statements_max: 512,
            values_max: 8192,
            findings_max: 256,
            calls_min: 2,
            writes_min: 3,
            polling_pause: Duration::from_millis(10),
            strict: Strict::Collect,
            literals: false,
        }
    }
}

impl NPlusOneConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), SettingError> {
        if self.one_request_in == 0 {
            return Err(SettingError { key: "one_request_in", problem: "must be at least 1" });
        }
        for (key, value) in [
            ("requests_max", self.requests_max),
            ("statements_max", self.statements_max),
            ("values_max", self.values_max),
            ("findings_max", self.findings_max),
        ] {
            at_least_one(key, value)?;
        }
        let once = |key| Err(SettingError { key, problem: "must be at least 2: once is no repetition" });
        match (self.calls_min, self.writes_min) {
            (0 | 1, _) => once("calls_min"),
            (_, 0 | 1) => once("writes_min"),
            _ => Ok(()),
        }
    }
}

/// What happens when something is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Strict {
    /// It is kept for [`NPlusOneDetector::findings`](super::NPlusOneDetector::findings).
    #[default]
    Collect,
    /// The task that asks panics at the line that asks, as soon as it is certain. For tests: never in production.
    Panic,
}
