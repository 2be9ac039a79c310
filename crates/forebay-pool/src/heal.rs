//! Which failed statements may run once more, elsewhere.

use crate::error::PoolError;
use foldhash::fast::RandomState;
use forebay_sql::Fingerprint;
use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio_postgres::error::SqlState;

/// Why a statement that failed on a replica may run once on the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A standby does not run this statement.
    Refused {
        /// Now or ever; otherwise the same code may come of something that passes.
        learn: bool,
    },
    /// Replay had to remove what the statement was reading.
    Conflict,
    /// The connection ended; the session was read-only, so nothing can have happened.
    Lost,
}

impl Cause {
    pub(crate) const fn refused(self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// The rule for a statement that failed on a **replica**, in autocommit, before any of its rows were handed on.
///
/// A hot standby refuses with 25006 (writes, sequences, `LISTEN`), 0A000 (unlogged tables, `SERIALIZABLE`),
/// 55000 (WAL control functions) and XX000 (large objects), and ends a read that stands in the way of replay
/// with 40001 or 40P01. None of them has an effect, because a standby cannot write.
///
/// After a lost connection only what `reads` runs again: the standby may have been promoted meanwhile.
pub(crate) fn rule(error: &PoolError, reads: bool) -> Option<Cause> {
    match error {
        PoolError::ReadOnly { .. } => Some(Cause::Refused { learn: true }),
        PoolError::Lost { .. } => reads.then_some(Cause::Lost),
        PoolError::Statement { source, .. } => match source.code()? {
            &SqlState::FEATURE_NOT_SUPPORTED => Some(Cause::Refused { learn: true }),
            &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE | &SqlState::INTERNAL_ERROR => {
                Some(Cause::Refused { learn: false })
            }
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => Some(Cause::Conflict),
            &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::DATABASE_DROPPED => {
                reads.then_some(Cause::Lost)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Statements that standbys refused and the primary then ran, by fingerprint.
#[derive(Debug)]
pub(crate) struct Learned {
    max: usize,
    /// Until the first one, a statement pays one relaxed load.
    any: AtomicBool,
    fingerprints: Mutex<HashSet<Fingerprint, RandomState>>,
}

impl Learned {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, any: AtomicBool::new(false), fingerprints: Mutex::default() }
    }

    /// Whether there is anything to ask [`Learned::knows`].
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    pub(crate) fn knows(&self, statement: Fingerprint) -> bool {
        self.any() && self.fingerprints().contains(&statement)
    }

    /// Remembers a statement. A full table learns nothing more: the statement then pays the detour each time.
    pub(crate) fn learn(&self, statement: Fingerprint) {
        let mut fingerprints = self.fingerprints();
        if fingerprints.len() < self.max {
            fingerprints.insert(statement);
            self.any.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.fingerprints().len()
    }

    fn fingerprints(&self) -> MutexGuard<'_, HashSet<Fingerprint, RandomState>> {
        self.fingerprints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
