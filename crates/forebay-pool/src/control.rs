//! What a pool is told while it is in use: to pause, to go on, to change its size.

use crate::{
    error::PoolError,
    lane::{LaneTerms, Terms},
    pool::Pool,
};

/// Which of a pool's sessions are meant. What holds for one role holds for each server that has it, also after a
/// failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sessions {
    /// All of them.
    All,
    /// Those for writes and transactions.
    Write,
    /// The read-only ones on the primary.
    PrimaryRead,
    /// Those on each replica.
    Replica,
}

impl Sessions {
    /// Changes the terms that are meant.
    fn each(self, terms: &mut Terms, change: impl Fn(&mut LaneTerms)) {
        let Terms { write, primary_read, replica } = terms;
        match self {
            Self::All => [write, primary_read, replica].into_iter().for_each(change),
            Self::Write => change(write),
            Self::PrimaryRead => change(primary_read),
            Self::Replica => change(replica),
        }
    }

    /// The key of [`crate::PoolConfig`] that says how many there may be.
    const fn key(self) -> &'static str {
        match self {
            Self::All => "sessions_max",
            Self::Write => "write_sessions_max",
            Self::PrimaryRead => "primary_read_sessions_max",
            Self::Replica => "replica_sessions_max",
        }
    }
}

impl Pool {
    /// Lends no more of these sessions until [`Pool::resume`]: new callers wait in the queue, up to `queue_max`
    /// of them and each until its timeout or deadline. Guards that are out stay valid.
    ///
    /// For a restart or a switch of the server behind an address that callers need not notice: pause, wait until
    /// [`Pool::status`] shows none busy, do it, resume.
    pub fn pause(&self, which: Sessions) {
        self.0.cluster.change_terms(|terms| which.each(terms, |lane| lane.paused = true));
    }

    /// Ends a [`Pool::pause`]. Sessions that the server closed meanwhile are not lent.
    pub fn resume(&self, which: Sessions) {
        self.0.cluster.change_terms(|terms| which.each(terms, |lane| lane.paused = false));
    }

    /// Changes how many of these sessions there may be, on each server, from now on. Of those that are too many
    /// the idle ones are closed at once, the others when they come back.
    ///
    /// # Errors
    /// [`PoolError::Config`] for 0.
    pub fn resize(&self, which: Sessions, max: usize) -> Result<(), PoolError> {
        if max == 0 {
            return Err(PoolError::config(which.key(), "must be at least 1"));
        }
        self.0.cluster.change_terms(|terms| which.each(terms, |lane| lane.max = max));
        Ok(())
    }
}
