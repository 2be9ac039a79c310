//! Transactions that were run again, counted.

use super::tally::Tally;
use crate::metrics::{GIVEN_UP, RETRIES};
use forebay_metrics::Meter;
use serde::Serialize;

/// Transactions of [`Pool::retry_transaction`](crate::Pool::retry_transaction) that the server rolled back because of others,
/// since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RetriesStatus {
    /// Run again after a serialization failure.
    pub serialization: u64,
    /// Run again after a deadlock.
    pub deadlock: u64,
    /// Run again because the schema had changed under a statement.
    pub schema: u64,
    /// Not run again: it was the last attempt, or there was no time for another.
    pub given_up: u64,
}

pub(crate) struct Retried {
    pub(crate) serialization: Tally,
    pub(crate) deadlock: Tally,
    pub(crate) schema: Tally,
    pub(crate) given_up: Tally,
}

impl Retried {
    pub(super) fn new(meter: &Meter) -> Self {
        let tally = |cause| Tally::new(meter.counter(&RETRIES, &[cause]));
        Self {
            serialization: tally("serialization"),
            deadlock: tally("deadlock"),
            schema: tally("schema"),
            given_up: Tally::new(meter.counter(&GIVEN_UP, &[])),
        }
    }

    pub(crate) fn status(&self) -> RetriesStatus {
        RetriesStatus {
            serialization: self.serialization.total(),
            deadlock: self.deadlock.total(),
            schema: self.schema.total(),
            given_up: self.given_up.total(),
        }
    }
}
