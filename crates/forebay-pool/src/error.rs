//! What can go wrong, by step.

use crate::{catalog::CatalogProblem, refusal::ConnectReason, shared_failure::SharedFailure, step::Step};
use std::{panic::Location, time::Duration};
use tokio_postgres::error::SqlState;

/// What went wrong, and at which step.
///
/// [`PoolError::is_outcome_unknown`] tells a failure after which a write may or may not have happened from one
/// where it certainly did not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// A configuration value is wrong.
    #[error("pool configuration: {key} {reason}")]
    Config {
        /// The key of [`crate::PoolConfig`].
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An argument of a call cannot be; nothing was sent.
    #[error("{call}: {reason}")]
    Argument {
        /// The call.
        call: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// One of many rows could not be written; none of them was.
    #[error("row {row} (counted from 0)")]
    Row {
        /// Its place among the rows given.
        row: usize,
        /// What was wrong with it.
        #[source]
        source: Box<PoolError>,
    },
    /// A server could not be reached, or refused the session.
    #[error("cannot connect to {endpoint}")]
    Connect {
        /// The server.
        endpoint: String,
        /// Why.
        #[source]
        source: SharedFailure,
    },
    /// No server takes writes: the one configured as the primary is a standby, and so are those configured as replicas.
    #[error(
        "{endpoint} is configured as the primary but is a standby (in recovery), and no other server takes writes: give \
         the address of the primary as `primary`, and this one under `replicas`"
    )]
    NotPrimary {
        /// The server.
        endpoint: String,
    },
    /// A server configured as a replica is writable.
    #[error(
        "{endpoint} is configured as a replica but is a primary (not in recovery): take it out of `replicas`, or make it a \
         standby of the primary"
    )]
    NotReplica {
        /// The server.
        endpoint: String,
    },
    /// A replica belongs to another database cluster than the primary.
    #[error(
        "{endpoint} belongs to database system {found}, the primary to {expected}: it is not its replica; check both \
         addresses"
    )]
    OtherSystem {
        /// The server.
        endpoint: String,
        /// The primary's system identifier.
        expected: u64,
        /// The server's own.
        found: u64,
    },
    /// No session became free in time.
    #[error("no session on {endpoint} became free within {waited:?}")]
    AcquireTimeout {
        /// The server.
        endpoint: String,
        /// How long the caller waited.
        waited: Duration,
        /// Why the last connect failed, when connecting is what was waited for.
        #[source]
        source: Option<SharedFailure>,
    },
    /// Too many callers wait for a session already.
    #[error("{limit} callers already wait for a session on {endpoint}")]
    QueueFull {
        /// The server.
        endpoint: String,
        /// `queue_max`.
        limit: usize,
    },
    /// Callers wait for too long already, and this one was the newest of the least important; with
    /// `queue_delay_max` only.
    #[error("callers wait {delay:?} for a session on {endpoint} already")]
    Overloaded {
        /// The server.
        endpoint: String,
        /// How long the first in the queue has waited.
        delay: Duration,
        /// When asking again makes sense, for a `Retry-After`: after about as long as those who wait now will need,
        /// and differently for each caller.
        retry_in: Duration,
    },
    /// A task asked for a session while it held one, and every session is with such a task; with
    /// `nested_refused` only.
    #[error(
        "every session on {endpoint} is held by a task that waits for another: this one took one at {held_at} \
         and asked again at {asked_at}"
    )]
    Nested {
        /// The server.
        endpoint: String,
        /// The line that took the session it holds.
        held_at: &'static Location<'static>,
        /// The line that asked for another.
        asked_at: &'static Location<'static>,
    },
    /// The deadline of the request's scope passed.
    #[error("the request's deadline passed during {step}")]
    Deadline {
        /// What was being done.
        step: Step,
        /// Whether a write was under way that may still have happened.
        outcome_unknown: bool,
    },
    /// A call of [`blocking`](crate::blocking) was made in an asynchronous task, whose thread it would block. Nothing was
    /// done.
    #[cfg(feature = "blocking")]
    #[error(
        "`blocking`'s `{call}` was called in an asynchronous task: call it in `spawn_blocking`, or use \
         `forebay_pool::Pool` and await it"
    )]
    WouldBlock {
        /// The call.
        call: &'static str,
    },
    /// The runtime of a [`blocking`](crate::blocking) pool could not be started.
    #[cfg(feature = "blocking")]
    #[error("the thread of the blocking pool cannot be started")]
    NoRuntime {
        /// What the system said.
        source: std::io::Error,
    },
    /// The pool was shut down.
    #[error("the pool is closed")]
    Closed,
    /// The server refused a statement, or its answer could not be read.
    #[error("{step} failed on {endpoint}")]
    Statement {
        /// The server.
        endpoint: String,
        /// What was being done.
        step: Step,
        /// What the server said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The connection ended while a statement was under way.
    #[error("the connection to {endpoint} was lost during {step}")]
    Lost {
        /// The server.
        endpoint: String,
        /// What was being done.
        step: Step,
        /// Whether a write was under way that may have happened.
        outcome_unknown: bool,
        /// How the connection ended.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A write was sent where the server takes none: through a read guard, or to a primary that was made
    /// read-only (managed services do that when the disk is full). Nothing was changed.
    #[error("{endpoint} takes no writes on this session")]
    ReadOnly {
        /// The server.
        endpoint: String,
        /// What the server said; `None` where nothing was sent: the text of a read-only statement makes or changes a large
        /// object, which servers before PostgreSQL 16 would let it do.
        #[source]
        source: Option<tokio_postgres::Error>,
    },
    /// The schema changed under a transaction that was open, in a way that one of its statements shows. It was
    /// rolled back; run it again from its beginning. Outside of transactions nobody hears of this.
    #[error("the schema changed during the transaction on {endpoint}, which can be run again")]
    RetryTransaction {
        /// The server.
        endpoint: String,
        /// What the server said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The statement would leave something in a session of the server that a [transaction pooler](crate::Pooler) gives
    /// to somebody else next. Nothing was sent.
    #[error("{what} does not work on {endpoint} behind a transaction pooler: {instead}")]
    BehindPooler {
        /// The address of the pooler.
        endpoint: String,
        /// The kind of statement.
        what: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// The database's catalogue could not be read. A pool goes on without it; see
    /// [`CatalogStatus::problem`](crate::CatalogStatus).
    #[error("the catalogue cannot be used: {problem}")]
    Catalog {
        /// Why.
        problem: CatalogProblem,
        /// What the server said, or how the connection ended.
        #[source]
        source: Option<tokio_postgres::Error>,
    },
    /// A different number of rows than asked for.
    #[error("the query returned {found} rows where {expected} was expected")]
    RowCount {
        /// What was expected.
        expected: &'static str,
        /// What came.
        found: usize,
    },
    /// A statement of the transaction failed before, so `COMMIT` would have rolled it back.
    #[error("the transaction had already failed and was rolled back")]
    TransactionFailed,
    /// A statement of the transaction had ended it (`COMMIT` or `ROLLBACK` in its text), so there was nothing left
    /// to commit.
    #[error("a statement had already ended the transaction")]
    TransactionEnded,
    /// The primary is on a timeline that had ended when what a read must see was written: an old primary came
    /// back after another was promoted.
    #[error("{endpoint} is on timeline {timeline}, which had ended before")]
    OldTimeline {
        /// The server.
        endpoint: String,
        /// Its timeline.
        timeline: u32,
    },
    /// The server of a guard is not the primary any more. Begin again on a new guard.
    #[error("{endpoint} is no longer the primary, found out during {step}")]
    Demoted {
        /// The server.
        endpoint: String,
        /// What was to be done, or was under way.
        step: Step,
        /// `false`: nothing was sent. `true`: the old primary took the write, and the new one may not have it.
        outcome_unknown: bool,
    },
    /// Two servers of one timeline take writes: what one takes the other never gets, so nothing is written until one of
    /// them is gone or is made a standby.
    #[error(
        "{one} and {other} both take writes on timeline {timeline}: writing is refused until one of them stops"
    )]
    SplitBrain {
        /// One of them.
        one: String,
        /// And another.
        other: String,
        /// The timeline of both.
        timeline: u32,
    },
    /// A position of another database system was given: no server of this pool can be at or after it.
    #[error("log position {position} is of another database system than {system}")]
    ForeignPosition {
        /// What was given.
        position: forebay_scope::Position,
        /// The system of this pool.
        system: u64,
    },
    /// No replica is fresh enough, and the pool was told not to read on the primary.
    #[error("no replica is within {lag_max:?} of the primary{} and can be asked", at(required.as_ref()))]
    NoReplica {
        /// How far behind one may have been.
        lag_max: Duration,
        /// What it must have reached as well.
        required: Option<forebay_scope::Position>,
    },
    /// No server could serve a read at the position it must see.
    #[error("no server that has reached log position {required} can be asked")]
    Behind {
        /// What the read must have seen.
        required: forebay_scope::Position,
        /// Why the primary could not be asked.
        #[source]
        source: Box<PoolError>,
    },
}

fn at(required: Option<&forebay_scope::Position>) -> String {
    required.map(|position| format!(", at log position {position},")).unwrap_or_default()
}

impl PoolError {
    pub(crate) fn config(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Config { key, reason: reason.into() }
    }

    pub(crate) fn argument(call: &'static str, reason: impl Into<String>) -> Self {
        Self::Argument { call, reason: reason.into() }
    }

    /// Whether time ran out: waiting for a session, or at the request's deadline.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::AcquireTimeout { .. } | Self::Deadline { .. } => true,
            Self::Behind { source, .. } => source.is_timeout(),
            _ => false,
        }
    }

    /// Whether the same call may well succeed later: an overload, a lost connection, a server that is away or full, a
    /// serialization failure or deadlock, a transaction that has to be run again. A password that is refused or a
    /// certificate that does not fit is not: see [`ConnectReason::is_transient`].
    ///
    /// Repeat a write only when [`PoolError::is_outcome_unknown`] is `false` as well.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { source, .. } => source.reason().is_transient(),
            Self::AcquireTimeout { source, .. } => {
                source.as_ref().is_none_or(|failure| failure.reason().is_transient())
            }
            Self::Behind { source, .. } | Self::Row { source, .. } => source.is_transient(),
            Self::QueueFull { .. }
            | Self::Overloaded { .. }
            | Self::Nested { .. }
            | Self::Deadline { .. }
            | Self::Lost { .. }
            | Self::Demoted { .. }
            | Self::SplitBrain { .. }
            | Self::NoReplica { .. }
            | Self::RetryTransaction { .. } => true,
            Self::Statement { .. } => self.sql_state().is_some_and(|code| {
                // 40 transaction rollback, 53 insufficient resources, 57P operator intervention.
                ["40", "53", "57P"].iter().any(|class| code.code().starts_with(class))
            }),
            _ => false,
        }
    }

    /// When asking again makes sense, for an overload that can tell.
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        match self {
            Self::Overloaded { retry_in, .. } => Some(*retry_in),
            Self::Behind { source, .. } => source.retry_in(),
            _ => None,
        }
    }

    /// Why no session could be opened, when that is what failed.
    #[must_use]
    pub fn connect_reason(&self) -> Option<ConnectReason> {
        match self {
            Self::Connect { source, .. } | Self::AcquireTimeout { source: Some(source), .. } => {
                Some(source.reason())
            }
            Self::Behind { source, .. } => source.connect_reason(),
            _ => None,
        }
    }

    /// Whether a write may or may not have happened: the connection or the time ended while it was under way.
    #[must_use]
    pub const fn is_outcome_unknown(&self) -> bool {
        matches!(
            self,
            Self::Lost { outcome_unknown: true, .. }
                | Self::Deadline { outcome_unknown: true, .. }
                | Self::Demoted { outcome_unknown: true, .. }
        )
    }

    /// The server's error code, when the server gave one.
    #[must_use]
    pub fn sql_state(&self) -> Option<&SqlState> {
        match self {
            Self::Statement { source, .. }
            | Self::Lost { source, .. }
            | Self::ReadOnly { source: Some(source), .. }
            | Self::RetryTransaction { source, .. }
            | Self::Catalog { source: Some(source), .. } => source.code(),
            Self::Row { source, .. } => source.sql_state(),
            _ => None,
        }
    }
}
