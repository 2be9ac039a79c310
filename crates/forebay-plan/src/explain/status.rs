//! What was asked, and what it cost.

use super::eligible::Skipped;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// What an [`Explainer`](crate::Explainer) has done.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct ExplainerStatus {
    /// Plans that the server gave.
    pub planned: u64,
    /// Questions that it did not answer with one.
    pub failed: u64,
    /// Calls that were not asked about, by reason.
    pub skipped: BTreeMap<Skipped, u64>,
    /// All the time its questions took, connections included.
    #[serde(with = "humantime_serde")]
    pub spent: Duration,
    /// Connections opened.
    pub connected: u64,
    /// Whether the server is left alone, because it could not be reached or did not answer.
    pub paused: bool,
    /// What went wrong last, without the server's words.
    pub problem: Option<String>,
}
