//! How much may be asked.

use crate::setting::{SettingError, at_least_one, sensible};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether and how the planner is asked about slow calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExplainConfig {
    /// Whether it is asked. It needs the values of calls: the pool's `observed_values` must be `shown`. Default: `false`.
    pub enabled: bool,
    /// Time between two looks for calls to ask about. Default: 1 s.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Calls that took less than this are not asked about. Default: 5 ms.
    #[serde(with = "humantime_serde")]
    pub took_min: Duration,
    /// The part of the time that servers spend on captured calls which asking may take, from 0 to 0.1. Default: 0.005.
    pub share_max: f64,
    /// How much of that may be saved up for later, and how much there is at the beginning. Default: 50 ms.
    #[serde(with = "humantime_serde")]
    pub burst: Duration,
    /// The server ends a question that takes longer (`statement_timeout`). Default: 250 ms.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// The server ends a question that waits longer for a lock (`lock_timeout`): somebody changes the table, and whoever comes
    /// behind the question would wait for it. Default: 20 ms.
    #[serde(with = "humantime_serde")]
    pub lock_timeout: Duration,
    /// Longest time to open the connection. A server that does not answer a question within twice its `timeout` is left alone
    /// as well. Default: 2 s.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// A statement is asked about again after this; twice as long each time that nothing has changed. Default: 5 min.
    #[serde(with = "humantime_serde")]
    pub again: Duration,
    /// The longest such pause. After a failure the pauses of a statement double in the same way, from 1 s on; and those of the
    /// server, when it cannot be reached or does not answer, up to `again`. Default: 6 h.
    #[serde(with = "humantime_serde")]
    pub again_max: Duration,
    /// The connection is closed after this long without a question. Default: 1 min.
    #[serde(with = "humantime_serde")]
    pub idle_max: Duration,
    /// How old what is known of the database's own functions may be. Default: 5 min.
    #[serde(with = "humantime_serde")]
    pub catalog_max_age: Duration,
    /// Whether a plan for any values is asked for as well, to tell where the two differ. Default: `true`.
    pub generic: bool,
    /// Most different plans remembered per statement. Default: 4.
    pub shapes_max: usize,
    /// The role the statements run as (`SET LOCAL ROLE`), if it is not the connection string's. Default: none.
    pub role: Option<String>,
    /// The schemas in which they look for names, as `search_path` has them, if those are not the connection's own. Default: none.
    pub search_path: Option<String>,
    /// The longest a statement may run that somebody asked to be run (`EXPLAIN ANALYZE`). Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub analyze_timeout: Duration,
}

impl Default for ExplainConfig {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Self {
            enabled: false,
            interval: Duration::from_secs(1),
            took_min: Duration::from_millis(5),
            share_max: 0.005,
            burst: Duration::from_millis(50),
            timeout: Duration::from_millis(250),
            lock_timeout: Duration::from_millis(20),
            connect_timeout: Duration::from_secs(2),
            again: minutes(5),
            again_max: minutes(6 * 60),
            idle_max: minutes(1),
            catalog_max_age: minutes(5),
            generic: true,
            shapes_max: 4,
            role: None,
            search_path: None,
            analyze_timeout: Duration::from_secs(10),
        }
    }
}

impl ExplainConfig {
    /// Checks every value.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), SettingError> {
        if !(0.0..=0.1).contains(&self.share_max) {
            return Err(SettingError { key: "share_max", problem: "must be from 0 to 0.1" });
        }
        at_least_one("shapes_max", self.shapes_max)?;
        for (key, value) in [
            ("interval", self.interval),
            ("burst", self.burst),
            ("timeout", self.timeout),
            ("lock_timeout", self.lock_timeout),
            ("connect_timeout", self.connect_timeout),
            ("again", self.again),
            ("again_max", self.again_max),
            ("idle_max", self.idle_max),
            ("catalog_max_age", self.catalog_max_age),
            ("analyze_timeout", self.analyze_timeout),
        ] {
            sensible(key, value)?;
        }
        if self.lock_timeout > self.timeout {
            return Err(SettingError { key: "lock_timeout", problem: "must not be longer than timeout" });
        }
        Ok(())
    }
}
