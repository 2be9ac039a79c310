//! What the shared sessions are told.

use crate::config::PoolConfig;
use std::time::Duration;

/// Bounds and times of the shared sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Statements sent on one session and not answered.
    pub(super) depth_max: usize,
    /// What takes longer holds others up.
    pub(super) slow: Duration,
    /// Without a statement for so long, the sessions of a server end.
    pub(super) idle_timeout: Duration,
}

impl Settings {
    pub(crate) const fn new(config: &PoolConfig) -> Self {
        Self {
            depth_max: config.pipelined_depth_max,
            slow: config.pipelined_slow,
            idle_timeout: config.idle_timeout,
        }
    }
}
