//! Who is told about every statement.

use crate::endpoint::Role;
use forebay_sql::Fingerprint;
use std::{panic::Location, time::Duration};
use tokio_postgres::types::ToSql;

/// Is told about every statement that went through a guard, a transaction or the pool's own methods.
///
/// A trait object, called in the caller's task after the answer (or when its future is dropped): it must be
/// quick and must not block; hand the event on if there is work to do. Without an observer nothing is collected.
pub trait QueryObserver: Send + Sync + 'static {
    /// One statement ended.
    fn observe(&self, event: &QueryEvent<'_>);
}

/// One statement that ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct QueryEvent<'a> {
    /// The text as it was given.
    pub sql: &'a str,
    /// The bound values, which may be confidential: do not log them unredacted.
    pub params: &'a [&'a (dyn ToSql + Sync)],
    /// `host:port` of the server.
    pub endpoint: &'a str,
    /// The server's role.
    pub role: Role,
    /// Rows returned, or changed where none are returned; 0 unless the outcome is [`Outcome::Done`].
    pub rows: u64,
    /// How long the guard had waited for its session; zero when one was idle.
    pub wait: Duration,
    /// Time from sending to the last row, or to the end of the wait for it.
    pub round_trip: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// The line that asked for it.
    pub place: &'static Location<'static>,
}

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was answered.
    Done,
    /// The server refused it, or the connection was lost.
    Failed,
    /// The deadline of the request passed; the server is told to stop.
    TimedOut,
    /// Its future was dropped; the server is told to stop.
    Cancelled,
}

impl QueryEvent<'_> {
    /// Names the statement whatever its values, white space and comments. Worked out when it is asked for.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        forebay_sql::fingerprint(self.sql)
    }
}
