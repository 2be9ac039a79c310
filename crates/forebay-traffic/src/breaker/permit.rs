use super::circuit::{Inner, Outcome};
use std::{fmt, sync::Arc, time::Duration};

/// Leave for one call. Say how it ended with [`succeeded`](Self::succeeded) or [`failed`](Self::failed).
///
/// Dropping it means the call was cancelled and its outcome is unknown: a probe's place is given back, and
/// nothing is counted. A call that ran into *its own* timeout has failed; say so, or a server that hangs is
/// never left alone.
#[must_use = "dropping a permit means the call was cancelled"]
pub struct Permit {
    /// Taken when the outcome is told; what is left when dropped is a cancelled call.
    told: Option<(Arc<Inner>, Ticket)>,
}

/// The state a permit was given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ticket {
    /// In the closed state of this generation. It holds no place that could be lost.
    Call { generation: u32 },
    /// In the half-open state of this generation; it holds one of the places for probes.
    Probe { generation: u32 },
}

impl Permit {
    pub(super) const fn new(inner: Arc<Inner>, ticket: Ticket) -> Self {
        Self { told: Some((inner, ticket)) }
    }

    /// The server answered, whatever the answer was: an error that shows a healthy server (a refused statement,
    /// a missing key) is a success here.
    pub fn succeeded(self) {
        self.tell(Outcome::Success);
    }

    /// The server did not answer, not in time, or in a way that says it is in trouble.
    pub fn failed(self) {
        self.tell(Outcome::Failure);
    }

    /// Whether this call is a probe of the half-open state.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        matches!(self.told, Some((_, Ticket::Probe { .. })))
    }

    fn tell(mut self, outcome: Outcome) {
        if let Some((inner, ticket)) = self.told.take() {
            inner.note(ticket, outcome);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some((inner, ticket)) = self.told.take() {
            inner.note(ticket, Outcome::Cancelled);
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("probe", &self.is_probe()).finish()
    }
}

/// The call was refused; the server is left alone for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is open, the next attempt is due in {retry_in:?}")]
#[non_exhaustive]
pub struct Rejected {
    /// The longest it can take until a call is let through again. In the half-open state a probe's answer may
    /// come sooner.
    pub retry_in: Duration,
}
