use crate::Error;
use serde::{Deserialize, Serialize};

/// How many extra calls a [`Budget`](crate::Budget) allows.
///
/// Over any stretch with `n` ordinary calls at most `burst + share × n` extra ones are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetConfig {
    /// Extra calls for each ordinary one, more than 0 and at most 1. Default: 0.02.
    pub share: f64,
    /// Extra calls that may be made at once after a quiet time, and when the process starts, at most 10,000; 0
    /// allows none ever. Default: 10.
    pub burst: u32,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { share: 0.02, burst: 10 }
    }
}

impl BudgetConfig {
    /// The first setting that cannot work, if any.
    ///
    /// # Errors
    /// [`Error::BudgetSetting`] names the field and its range.
    pub fn check(&self) -> Result<(), Error> {
        let rules = [
            (self.share > 0.0 && self.share <= 1.0, "share", "must be more than 0 and at most 1"),
            (self.burst <= 10_000, "burst", "must be at most 10000"),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, setting, reason)) => Err(Error::BudgetSetting { setting, reason }),
            None => Ok(()),
        }
    }
}
