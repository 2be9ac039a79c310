//! One call whose values are kept.

use super::value::BoundValue;
use forebay_pool::{Outcome, QueryEvent, Role};
use forebay_scope::RequestId;
use std::{fmt, panic::Location, sync::Arc, time::Duration};
use tokio::time::Instant;

/// One call of a statement, with its own text and values: in memory only, so that its plan can be asked for.
///
/// `Debug` shows neither text nor values.
#[derive(Clone)]
#[non_exhaustive]
pub struct Sample {
    /// The text as it was given.
    pub sql: Arc<str>,
    /// Its values, in the order of its parameters.
    pub values: Box<[BoundValue]>,
    /// How long it took, without the wait for a session.
    pub took: Duration,
    /// Rows returned or changed.
    pub rows: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The role of its server.
    pub role: Role,
    /// The line that asked for it.
    pub place: &'static Location<'static>,
    /// The request it belonged to, if it ran inside a scope.
    pub request: Option<RequestId>,
    /// When it ended.
    pub at: Instant,
}

impl Sample {
    /// What is kept of a call, unless it is more than `bytes_max`. Values are copied in the form they were sent in.
    pub(super) fn of(event: &QueryEvent<'_>, bytes_max: usize, at: Instant) -> Option<Self> {
        let shown = event.params.shown()?;
        if event.sql.len() > bytes_max {
            return None;
        }
        let types = if shown.is_empty() { Vec::new() } else { event.params.types()? };
        let mut values = Vec::with_capacity(types.len());
        let mut bytes = event.sql.len();
        for (value, ty) in shown.iter().zip(types) {
            let value = BoundValue::encode(*value, ty)?;
            bytes += value.bytes().map_or(0, <[u8]>::len);
            if bytes > bytes_max {
                return None;
            }
            values.push(value);
        }
        Some(Self {
            sql: Arc::from(event.sql),
            values: values.into(),
            took: event.round_trip + event.fetch,
            rows: event.rows,
            outcome: event.outcome,
            role: event.role,
            place: event.place,
            request: forebay_scope::Scope::with_current(forebay_scope::Scope::id),
            at,
        })
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample")
            .field("values", &self.values)
            .field("took", &self.took)
            .field("outcome", &self.outcome)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
