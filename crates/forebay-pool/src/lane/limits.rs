//! What a lane is told: sizes and times.

use super::{access::Access, overload::DelayTarget};
use crate::{config::PoolConfig, mode::Mode};
use std::time::Duration;

/// Time for opening the replacement of a session before its lifetime ends: several looks and connects.
const RETIRE_LEAD_MAX: Duration = Duration::from_secs(10);

/// Sizes and times of one lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most sessions to begin with; it can be changed while the lane is in use.
    pub(crate) max: usize,
    /// Whether a session that nobody waits for is kept.
    pub(crate) keeps: bool,
    /// Idle sessions kept ready while the server is the primary, and while it is not.
    pub(crate) primary_idle_min: usize,
    pub(crate) replica_idle_min: usize,
    pub(crate) queue_max: usize,
    /// An idle session beyond the minimum is closed after this time.
    pub(crate) idle_timeout: Duration,
    /// A loan that lasts longer is reported.
    pub(crate) held_warn: Duration,
    /// Queue delay above which callers are refused.
    pub(crate) delay: Option<DelayTarget>,
    /// A session is replaced so long before its lifetime ends.
    pub(crate) retire_lead: Duration,
    pub(crate) nested_places_max: usize,
    pub(crate) nested_refused: bool,
}

impl Limits {
    pub(crate) fn new(config: &PoolConfig, access: Access, max: usize) -> Self {
        let keeps = config.mode == Mode::Kept;
        let or_all = |own: Option<usize>| if keeps { own.unwrap_or(config.idle_sessions_min) } else { 0 };
        let (primary_idle_min, replica_idle_min) = match access {
            Access::Read => (or_all(config.primary_read_idle_min), or_all(config.replica_idle_min)),
            // Nobody writes on a server that is not the primary.
            Access::Write => (or_all(config.write_idle_min), 0),
            // Opened when somebody asks for them.
            Access::Pipelined => (0, 0),
        };
        // What is shared is out for as long as it is of use.
        let held_warn = if access == Access::Pipelined { Duration::MAX } else { config.held_warn };
        Self {
            max,
            keeps,
            primary_idle_min,
            replica_idle_min,
            queue_max: config.queue_max,
            idle_timeout: config.idle_timeout,
            held_warn,
            delay: config
                .queue_delay_max
                .map(|target| DelayTarget { target, interval: config.queue_delay_interval }),
            retire_lead: RETIRE_LEAD_MAX.min(config.lifetime / 2),
            nested_places_max: config.nested_places_max,
            nested_refused: config.nested_refused,
        }
    }
}
