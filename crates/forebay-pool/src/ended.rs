//! Telling that a statement ended.

use crate::{
    call::Asked,
    inner::Inner,
    lease::Lease,
    observer::{BoundValues, Outcome, QueryEvent, ReturnedRows},
    spans,
};
use std::time::Duration;
use tokio_postgres::{Row, error::SqlState};
use tracing::Span;

/// How a statement ended, for those who want to know.
pub(crate) struct Ended<'a> {
    pub(crate) span: &'a Span,
    /// From sending it to its end, and the part of that after the first of the answer came.
    pub(crate) took: Duration,
    pub(crate) fetch: Duration,
    pub(crate) rows: u64,
    pub(crate) returned: &'a [Row],
    pub(crate) outcome: Outcome,
    pub(crate) sql_state: Option<&'a SqlState>,
}

impl Ended<'_> {
    /// Tells its span and the observers.
    pub(crate) fn tell(&self, pool: &Inner, lease: &Lease, asked: Asked<'_>) {
        if pool.observers.is_empty() && self.span.is_disabled() {
            return;
        }
        let endpoint = &lease.lane().endpoint;
        let event = QueryEvent {
            sql: asked.sql,
            params: BoundValues::new(asked.params, pool.observed_values).of(lease, asked.sql),
            endpoint: &endpoint.name,
            role: endpoint.role(),
            rows: self.rows,
            answer: ReturnedRows::new(self.returned, pool.observed_values),
            wait: lease.waited,
            round_trip: self.took.saturating_sub(self.fetch),
            fetch: self.fetch,
            outcome: self.outcome,
            sql_state: self.sql_state,
            place: asked.place,
            altered: lease.may_be_touched(),
        };
        spans::ended(self.span, &event);
        for observer in &pool.observers {
            observer.observe(&event);
        }
    }
}
