//! Which failed statements may run once more, elsewhere.

use crate::error::PoolError;
use foldhash::fast::RandomState;
use forebay_sql::{Class, Fingerprint, Kind, Reason};
use std::{
    collections::HashMap,
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
    Refused(Refusal),
    /// Replay had to remove what the statement was reading.
    Conflict,
    /// The connection ended; the session was read-only, so nothing can have happened.
    Lost,
}

/// What is known of a standby's refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No standby ever runs it.
    Certain,
    /// The server does not say where the error comes from, and the same code may come of something that passes.
    Likely,
    /// It writes something that not even a read-only session is kept from (large objects before PostgreSQL 16,
    /// transaction ids, log messages): only a session for writing may run it.
    Write,
}

impl Cause {
    pub(crate) const fn refused(self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// Where a statement stood when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// By itself, and none of its rows had been handed on.
    Alone,
    /// Inside of a transaction, whose other statements are on this session.
    InTransaction,
}

/// The rule for a statement that failed on a **replica**. Only one that failed by itself may run again; none of the
/// errors below has an effect, because a standby cannot write.
///
/// | code | routine | what it is | rule |
/// |---|---|---|---|
/// | 25006 | any (`PreventCommandIfReadOnly`, `PreventCommandDuringRecovery`) | a write, a sequence, `LISTEN` | refused |
/// | 0A000 | `get_relation_info` | an unlogged table | refused |
/// | 0A000 | `CheckLogicalDecodingRequirements` | a logical slot, before PostgreSQL 16 | refused |
/// | 0A000 | `RevalidateCachedQuery` | a stale plan: healed by the session itself | none |
/// | 0A000 | any other | not supported anywhere, or `SERIALIZABLE`, which begins a transaction | none |
/// | 55000 | a function of [`NEEDS_PRIMARY`] | "recovery is in progress" | refused |
/// | 55000 | any other | `currval` before `nextval`, a view that was never filled | none |
/// | XX000 | a function of [`MAKES_LOG`] | "cannot assign … during recovery" | refused, a write |
/// | XX000 | any other | a bug, a damaged page | none |
/// | 0A000, 55000, XX000 | not told | a server, or something in between, that leaves routines out | refused, not learned |
/// | 40001, 40P01 | any | replay is in the way: a standby has no other cause for them | conflict |
/// | 57P01, 57P02, 57P04 | any | the server is going away | lost |
///
/// Source: seen on PostgreSQL 15 (`each_row_of_the_rule_…` in the tests), and its `catalog/…`, `access/transam/varsup.c`,
/// `access/transam/xlogfuncs.c`, `optimizer/util/plancat.c`, `replication/logical/logical.c`, `tcop/utility.c`.
///
/// After a lost connection only what `reads` runs again: the standby may have been promoted meanwhile.
pub(crate) fn rule(error: &PoolError, phase: Phase, reads: bool) -> Option<Cause> {
    if phase == Phase::InTransaction {
        return None;
    }
    match error {
        PoolError::ReadOnly { source: Some(source), .. } if makes_log(source) => {
            Some(Cause::Refused(Refusal::Write))
        }
        PoolError::ReadOnly { .. } => Some(Cause::Refused(Refusal::Certain)),
        PoolError::Lost { .. } => reads.then_some(Cause::Lost),
        PoolError::Statement { source, .. } => {
            let known: &[&str] = match source.code()? {
                &SqlState::FEATURE_NOT_SUPPORTED => {
                    &["get_relation_info", "CheckLogicalDecodingRequirements"]
                }
                &SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => NEEDS_PRIMARY,
                &SqlState::INTERNAL_ERROR => MAKES_LOG,
                &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => {
                    return Some(Cause::Conflict);
                }
                &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::DATABASE_DROPPED => {
                    return reads.then_some(Cause::Lost);
                }
                _ => return None,
            };
            match source.as_db_error()?.routine() {
                None => Some(Cause::Refused(Refusal::Likely)),
                Some(routine) => known.contains(&routine).then_some(Cause::Refused(Refusal::Certain)),
            }
        }
        _ => None,
    }
}

/// Functions and places that ask whether recovery is in progress, and say 55000 when it is.
const NEEDS_PRIMARY: &[&str] = &[
    "LockAcquireExtended",
    "brin_desummarize_range",
    "brin_summarize_range",
    "gin_clean_pending_list",
    "pg_create_restore_point",
    "pg_current_wal_flush_lsn",
    "pg_current_wal_insert_lsn",
    "pg_current_wal_lsn",
    "pg_log_standby_snapshot",
    "pg_switch_wal",
    "pg_walfile_name",
    "pg_walfile_name_offset",
];

/// Places where something is about to be written to the log, and that say XX000 on a standby.
const MAKES_LOG: &[&str] = &[
    "AssignTransactionId",
    "GetNewMultiXactId",
    "GetNewObjectId",
    "GetNewRelFileNumber",
    "GetNewTransactionId",
    "XLogBeginInsert",
];

/// Whether a standby refused to write something, by an internal error instead of the code for it.
pub(crate) fn makes_log(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        *db.code() == SqlState::INTERNAL_ERROR && db.routine().is_some_and(|name| MAKES_LOG.contains(&name))
    })
}

/// Whether a statement that a caller gave to a read guard may run on another session. One that writes would be
/// refused there as well; one that begins a transaction, or is about the session, would leave the caller on this
/// one thinking that it had happened.
pub(crate) fn may_move(class: &Class) -> bool {
    class.kind() != Kind::Write
        && !class.reasons().iter().any(|reason| {
            matches!(
                reason,
                Reason::LeavesTransactionOpen { .. }
                    | Reason::ContinuesTransaction { .. }
                    | Reason::Session { .. }
                    | Reason::HiddenCode { .. }
            )
        })
}

/// Statements that standbys refused and the primary then ran, by fingerprint, and how they were refused.
#[derive(Debug)]
pub(crate) struct Learned {
    max: usize,
    /// Until the first one, a statement pays one relaxed load.
    any: AtomicBool,
    refusals: Mutex<HashMap<Fingerprint, Refusal, RandomState>>,
}

impl Learned {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, any: AtomicBool::new(false), refusals: Mutex::default() }
    }

    /// Whether there is anything to ask [`Learned::knows`].
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    pub(crate) fn knows(&self, statement: Fingerprint) -> bool {
        self.refusal(statement).is_some()
    }

    /// How a standby refused a statement, if one did.
    pub(crate) fn refusal(&self, statement: Fingerprint) -> Option<Refusal> {
        if self.any() { self.refusals().get(&statement).copied() } else { None }
    }

    /// Remembers a statement. A full table learns nothing more: the statement then pays the detour each time.
    pub(crate) fn learn(&self, statement: Fingerprint, refusal: Refusal) {
        let mut refusals = self.refusals();
        if refusals.len() < self.max {
            refusals.insert(statement, refusal);
            self.any.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.refusals().len()
    }

    fn refusals(&self) -> MutexGuard<'_, HashMap<Fingerprint, Refusal, RandomState>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
