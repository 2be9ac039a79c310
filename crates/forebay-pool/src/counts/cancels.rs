//! Requests to stop statements.

use super::tally::Tally;
use crate::{connect::Canceller, metrics::CANCELS};
use forebay_metrics::Meter;
use serde::Serialize;
use std::sync::Arc;

/// Requests to servers to stop a statement, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CancelsStatus {
    /// The server took the request.
    pub done: u64,
    /// It could not be reached for it; the session is then closed.
    pub failed: u64,
}

/// Counts requests to cancel.
#[derive(Debug, Clone)]
pub(crate) struct Cancels(Arc<[Tally; 2]>);

impl Cancels {
    pub(crate) fn new(meter: &Meter) -> Self {
        Self(Arc::new(["done", "failed"].map(|result| Tally::new(meter.counter(&CANCELS, &[result])))))
    }

    /// The same canceller, its requests counted.
    pub(crate) fn counted(&self, cancel: Canceller) -> Canceller {
        let counts = Arc::clone(&self.0);
        Canceller::new(move || {
            let (request, counts) = (cancel.request(), Arc::clone(&counts));
            Box::pin(async move {
                let result = request.await;
                counts[usize::from(result.is_err())].increment(1);
                result
            })
        })
    }

    pub(crate) fn status(&self) -> CancelsStatus {
        CancelsStatus { done: self.0[0].total(), failed: self.0[1].total() }
    }
}
