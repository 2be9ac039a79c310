//! What became of statements that were to share a session.

use crate::{counts::Tally, metrics::PIPELINED};
use forebay_metrics::Meter;
use serde::Serialize;

/// What became of the statements of [`Pipelined`](crate::Pipelined) handles since the pool was built: answered over a
/// shared session, or by a guard and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PipelinedStatus {
    /// Answered over a shared session.
    pub shared: u64,
    /// By a guard: the text is not proven to be read-only, or a standby refused it before.
    pub not_read: u64,
    /// By a guard: the statement was found to be slow.
    pub slow: u64,
    /// By a guard: no shared session was ready, free enough, or on a server with what the read must see; or the
    /// statement was not prepared on it yet.
    pub no_room: u64,
    /// By a guard, after a wait of `pipelined_slow` behind a slow statement.
    pub held_up: u64,
    /// By a guard, after a shared session was lost, or the server stopped or refused the statement there.
    pub failed: u64,
    /// Statements that are known to be slow now.
    pub slow_known: usize,
}

/// What became of one statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Became {
    Shared,
    NotRead,
    Slow,
    NoRoom,
    HeldUp,
    Failed,
}

pub(crate) struct PipelinedCounts([Tally; 6]);

impl PipelinedCounts {
    pub(crate) fn new(meter: &Meter) -> Self {
        let labels = ["shared", "not_read", "slow", "no_room", "held_up", "failed"];
        Self(labels.map(|label| Tally::new(meter.counter(&PIPELINED, &[label]))))
    }

    pub(super) fn count(&self, became: Became) {
        self.0[became as usize].increment(1);
    }

    pub(crate) fn status(&self, slow_known: usize) -> PipelinedStatus {
        let of = |became: Became| self.0[became as usize].total();
        PipelinedStatus {
            shared: of(Became::Shared),
            not_read: of(Became::NotRead),
            slow: of(Became::Slow),
            no_room: of(Became::NoRoom),
            held_up: of(Became::HeldUp),
            failed: of(Became::Failed),
            slow_known,
        }
    }
}
