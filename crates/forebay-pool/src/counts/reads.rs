//! What is counted on the path of a statement.

use super::{
    retries::Retried,
    tally::Tally,
    waits::{Waits, WaitsStatus},
};
use crate::metrics::{ABANDONED, FALLBACKS, HEALED, POSITION_CHECKS, POSITION_WAIT, READS};
use forebay_metrics::Meter;
use serde::Serialize;

/// Read sessions that were lent, by who served them, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReadsStatus {
    /// A replica.
    pub replica: u64,
    /// The primary, because there is no replica or for a reason of [`FallbacksStatus`].
    pub primary: u64,
    /// A replica that had not reached what was required, while the primary was away (`serve_behind`).
    pub behind: u64,
}

/// Reads that went to the primary although there are replicas, by why, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FallbacksStatus {
    /// No replica answered in its role, or none was within `lag_max`.
    pub none_fresh: u64,
    /// Those that were fresh enough could not be reached, or were too busy.
    pub none_free: u64,
    /// None had reached the position that had to be seen, not even after `catch_up_wait`.
    pub position: u64,
}

/// Reads that had to see a position no replica was known to have, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PositionsStatus {
    /// A replica turned out to have it in time.
    pub reached: u64,
    /// None did: the read went to the primary.
    pub primary: u64,
    /// The position was lost with its timeline; counted with one of the others as well.
    pub lost: u64,
    /// Waits for a replica to reach it, of both ends.
    pub waits: WaitsStatus,
}

/// Statements that ran again, by why, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HealedStatus {
    /// A standby had refused them.
    pub refused: u64,
    /// Replay on the standby had removed what they were reading.
    pub conflict: u64,
    /// The connection to the standby had ended.
    pub lost: u64,
    /// The schema had changed since they were prepared: on the same session.
    pub schema: u64,
}

pub(crate) struct Counts {
    pub(crate) from_replica: Tally,
    pub(crate) from_primary: Tally,
    pub(crate) behind: Tally,
    pub(crate) none_fresh: Tally,
    pub(crate) none_free: Tally,
    pub(crate) not_there: Tally,
    pub(crate) reached: Tally,
    pub(crate) not_reached: Tally,
    pub(crate) lost_position: Tally,
    pub(crate) position_waits: Waits,
    pub(crate) refused: Tally,
    pub(crate) conflict: Tally,
    pub(crate) lost: Tally,
    pub(crate) abandoned: Tally,
    pub(crate) retried: Retried,
}

impl Counts {
    pub(crate) fn new(meter: &Meter) -> Self {
        let tally = |metric, label: &str| Tally::new(meter.counter(metric, &[label]));
        Self {
            from_replica: tally(&READS, "replica"),
            from_primary: tally(&READS, "primary"),
            behind: tally(&READS, "behind"),
            none_fresh: tally(&FALLBACKS, "none_fresh"),
            none_free: tally(&FALLBACKS, "none_free"),
            not_there: tally(&FALLBACKS, "position"),
            reached: tally(&POSITION_CHECKS, "reached"),
            not_reached: tally(&POSITION_CHECKS, "primary"),
            lost_position: tally(&POSITION_CHECKS, "lost"),
            position_waits: Waits::new(meter.histogram(&POSITION_WAIT, &[])),
            refused: tally(&HEALED, "refused"),
            conflict: tally(&HEALED, "conflict"),
            lost: tally(&HEALED, "lost"),
            abandoned: Tally::new(meter.counter(&ABANDONED, &[])),
            retried: Retried::new(meter),
        }
    }

    pub(crate) fn reads(&self) -> ReadsStatus {
        ReadsStatus {
            replica: self.from_replica.total(),
            primary: self.from_primary.total(),
            behind: self.behind.total(),
        }
    }

    pub(crate) fn fallbacks(&self) -> FallbacksStatus {
        FallbacksStatus {
            none_fresh: self.none_fresh.total(),
            none_free: self.none_free.total(),
            position: self.not_there.total(),
        }
    }

    pub(crate) fn positions(&self) -> PositionsStatus {
        PositionsStatus {
            reached: self.reached.total(),
            primary: self.not_reached.total(),
            lost: self.lost_position.total(),
            waits: self.position_waits.status(),
        }
    }

    /// `schema` is counted by the sessions.
    pub(crate) fn healed(&self, schema: u64) -> HealedStatus {
        HealedStatus {
            refused: self.refused.total(),
            conflict: self.conflict.total(),
            lost: self.lost.total(),
            schema,
        }
    }
}
