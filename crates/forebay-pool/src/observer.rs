//! Who is told about every statement.

use crate::{
    endpoint::Role,
    mark::Mark,
    session::{Params, Session},
};
use bytes::BytesMut;
use forebay_sql::Fingerprint;
use serde::{Deserialize, Serialize};
use std::{fmt, panic::Location, time::Duration};
use tokio_postgres::{Column, Row, error::SqlState, types::Type};

/// Is told about every statement that went through a guard, a transaction or the pool's own methods.
///
/// A trait object, called in the caller's task after the answer (or when its future is dropped): it must be
/// quick and must not block; hand the event on if there is work to do. Without an observer nothing is collected.
pub trait QueryObserver: Send + Sync + 'static {
    /// One statement ended.
    fn observe(&self, event: &QueryEvent<'_>);
}

/// One statement that ended.
///
/// A caller waited for [`wait`](Self::wait), once for all statements of a guard; then the statement took
/// [`round_trip`](Self::round_trip) and [`fetch`](Self::fetch).
#[derive(Debug)]
#[non_exhaustive]
pub struct QueryEvent<'a> {
    /// The text as it was given, which may have values in it; [`QueryEvent::fingerprint`] has none.
    pub sql: &'a str,
    /// The bound values, shown only if [`PoolConfig::observed_values`](crate::PoolConfig) says so.
    pub params: BoundValues<'a>,
    /// `host:port` of the server.
    pub endpoint: &'a str,
    /// The server's role.
    pub role: Role,
    /// Rows returned, or changed where none are returned; 0 unless the outcome is [`Outcome::Done`].
    pub rows: u64,
    /// The rows returned, none unless the outcome is [`Outcome::Done`]; their values are shown as bound ones are.
    pub answer: ReturnedRows<'a>,
    /// How long the guard had waited for its session; zero when one was idle.
    pub wait: Duration,
    /// Time from sending to the first of the answer, with the preparation of a text that is new to the session; to the
    /// end when there was no answer.
    pub round_trip: Duration,
    /// Time from the first of the answer to the last row; zero unless the outcome is [`Outcome::Done`].
    pub fetch: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// The server's error code, when it refused the statement.
    pub sql_state: Option<&'a SqlState>,
    /// The line that asked for it.
    pub place: &'static Location<'static>,
    /// Whether a statement before it left something of its own in the session: a setting, a role, a temporary table. On
    /// another session it may have another plan, or none. Not known behind a transaction pooler, and `false`.
    pub altered: bool,
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

impl Outcome {
    /// The word for it in spans.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What observers are shown of bound values, and of those returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ObservedValues {
    /// How many there are: values may be confidential, and whatever an observer keeps may be read by others.
    #[default]
    Hidden,
    /// The values themselves, as an observer needs them that asks the planner about them.
    Shown,
}

/// The values bound to a statement. Hidden, they show neither through a method nor when they are printed.
#[derive(Clone, Copy)]
pub struct BoundValues<'a> {
    values: Params<'a>,
    policy: ObservedValues,
    /// Where the statement was prepared, and its text.
    of: Option<(&'a Session, &'a str)>,
}

impl<'a> BoundValues<'a> {
    pub(crate) const fn new(values: Params<'a>, policy: ObservedValues) -> Self {
        Self { values, policy, of: None }
    }

    /// The same of a statement of this text that ran on `session`.
    pub(crate) const fn of(self, session: &'a Session, sql: &'a str) -> Self {
        Self { of: Some((session, sql)), ..self }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values, unless they are [hidden](ObservedValues::Hidden).
    #[must_use]
    pub fn shown(&self) -> Option<Params<'a>> {
        (self.policy == ObservedValues::Shown).then_some(self.values)
    }

    /// The types the server gave the parameters, to encode the values by; looked up when it is asked for. `None` when the
    /// statement was not prepared to its end, or is not kept by its session.
    #[must_use]
    pub fn types(&self) -> Option<Vec<Type>> {
        let (session, sql) = self.of?;
        session.parameter_types(sql).filter(|types| types.len() == self.len())
    }
}

impl BoundValues<'_> {
    /// Their marks, by which they can be told apart, hidden or not; NULL has none. `None` where their
    /// [types](Self::types) are not known.
    #[must_use]
    pub fn marks(&self) -> Option<Vec<Option<Mark>>> {
        let mut buffer = BytesMut::new();
        let types = if self.is_empty() { Vec::new() } else { self.types()? };
        let values = self.values.iter().zip(&types);
        Some(values.map(|(value, ty)| Mark::of_bound(*value, ty, &mut buffer)).collect())
    }
}

/// The rows a statement returned. Hidden, their values show neither through a method nor when they are printed.
#[derive(Clone, Copy)]
pub struct ReturnedRows<'a> {
    rows: &'a [Row],
    policy: ObservedValues,
}

impl<'a> ReturnedRows<'a> {
    pub(crate) const fn new(rows: &'a [Row], policy: ObservedValues) -> Self {
        Self { rows, policy }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Their columns; none when there is no row.
    #[must_use]
    pub fn columns(&self) -> &'a [Column] {
        self.rows.first().map_or(&[], Row::columns)
    }

    /// The mark of a value, by which it can be told from others, hidden or not; NULL has none.
    #[must_use]
    pub fn mark(&self, row: usize, column: usize) -> Option<Mark> {
        Mark::of_returned(self.rows.get(row)?, column)
    }

    /// The rows, unless they are [hidden](ObservedValues::Hidden).
    #[must_use]
    pub fn shown(&self) -> Option<&'a [Row]> {
        (self.policy == ObservedValues::Shown).then_some(self.rows)
    }
}

impl fmt::Debug for ReturnedRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} rows]", self.len())
    }
}

impl fmt::Debug for BoundValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shown() {
            Some(values) => fmt::Debug::fmt(values, f),
            None => write!(f, "[{} hidden]", self.len()),
        }
    }
}

impl QueryEvent<'_> {
    /// Names the statement whatever its values, white space and comments. Worked out when it is asked for.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        forebay_sql::fingerprint(self.sql)
    }

    /// The marks of the values that are written into the text, in its order: of numbers without their sign and of plain strings;
    /// other values have none.
    #[must_use]
    pub fn literals(&self) -> Vec<Option<Mark>> {
        Mark::of_literals(self.sql)
    }
}
