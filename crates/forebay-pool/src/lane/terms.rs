//! How sessions are lent: what can be changed while a pool is in use.

use crate::config::PoolConfig;

/// How the sessions of one lane are lent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneTerms {
    /// Most sessions.
    pub(crate) max: usize,
    /// Nothing is lent for now.
    pub(crate) paused: bool,
}

/// How the sessions of a pool are lent, by what they are for and the role of their server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) write: LaneTerms,
    pub(crate) primary_read: LaneTerms,
    pub(crate) replica: LaneTerms,
}

impl Terms {
    pub(crate) const fn new(config: &PoolConfig) -> Self {
        const fn of(max: usize) -> LaneTerms {
            LaneTerms { max, paused: false }
        }
        Self {
            write: of(config.write_sessions_max),
            primary_read: of(config.primary_read_sessions_max),
            replica: of(config.replica_sessions_max),
        }
    }
}
