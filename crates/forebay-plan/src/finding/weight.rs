//! How much a finding is worth, and how sure it is.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

/// How much of the whole mending it would save. A finding without a [`Saving`] is [`Low`](Self::Low).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// Less than a fifth.
    Low,
    /// A fifth or more.
    Medium,
    /// Half or more.
    High,
}

impl Severity {
    /// From a fifth of the whole on.
    const MEDIUM_FROM: f64 = 0.2;
    /// From half of the whole on: it is what the statement spends its time with.
    const HIGH_FROM: f64 = 0.5;

    /// What saving this part of the whole (0 to 1) is.
    #[must_use]
    pub fn of_share(share: f64) -> Self {
        match share {
            share if share >= Self::HIGH_FROM => Self::High,
            share if share >= Self::MEDIUM_FROM => Self::Medium,
            _ => Self::Low,
        }
    }

    /// Its name: `low`, `medium`, `high`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Display for Severity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Confidence {
    /// It may be otherwise: the plan has estimates only, or does not say what would decide it.
    Low,
    /// It is so, but whether the advice pays depends on what a plan does not show.
    Medium,
    /// The plan's own numbers say so.
    High,
}

impl Confidence {
    /// Its name: `low`, `medium`, `high`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Display for Confidence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What can be expected of mending something.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Saving {
    /// Milliseconds of one run.
    Ms(f64),
    /// Of the planner's cost, where the plan has no times.
    Cost(f64),
}

impl Saving {
    /// The number, whatever its unit.
    #[must_use]
    pub fn amount(self) -> f64 {
        match self {
            Self::Ms(amount) | Self::Cost(amount) => amount,
        }
    }
}

impl Display for Saving {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ms(ms) => f.write_str(&super::milliseconds(*ms)),
            Self::Cost(cost) => write!(f, "{} of cost", super::count(*cost)),
        }
    }
}
