//! A setting that cannot be.

use std::time::Duration;

/// A setting has a value that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {problem}")]
#[non_exhaustive]
pub struct SettingError {
    /// The setting, within its section.
    pub key: &'static str,
    /// What is wrong with it, as the end of a sentence.
    pub problem: &'static str,
}

/// A table or a queue that holds nothing is no setting for "off".
pub(crate) fn at_least_one(key: &'static str, value: usize) -> Result<(), SettingError> {
    if value == 0 { Err(SettingError { key, problem: "must be at least 1" }) } else { Ok(()) }
}

/// From a millisecond to a year.
pub(crate) fn sensible(key: &'static str, value: Duration) -> Result<(), SettingError> {
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    match value {
        value if value < Duration::from_millis(1) => {
            Err(SettingError { key, problem: "must be at least 1 ms" })
        }
        value if value > year => Err(SettingError { key, problem: "must be at most 365 days" }),
        _ => Ok(()),
    }
}
