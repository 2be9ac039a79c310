//! What a lane is told: sizes and times.

use crate::config::PoolConfig;
use std::time::Duration;

/// Sizes and times of one lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most sessions to begin with; it can be changed while the lane is in use.
    pub(crate) max: usize,
    /// Idle sessions kept ready.
    pub(crate) idle_min: usize,
    pub(crate) queue_max: usize,
    /// An idle session beyond the minimum is closed after this time.
    pub(crate) idle_timeout: Duration,
    /// A loan that lasts longer is reported.
    pub(crate) held_warn: Duration,
    pub(crate) nested_places_max: usize,
    pub(crate) nested_refused: bool,
}

impl Limits {
    pub(crate) const fn new(config: &PoolConfig, max: usize) -> Self {
        Self {
            max,
            idle_min: config.idle_sessions_min,
            queue_max: config.queue_max,
            idle_timeout: config.idle_timeout,
            held_warn: config.held_warn,
            nested_places_max: config.nested_places_max,
            nested_refused: config.nested_refused,
        }
    }
}
