//! Why sessions were closed.

use super::tally::Tally;
use crate::metrics::CLOSED;
use forebay_metrics::Meter;
use serde::Serialize;

/// Why a session was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    Lost,
    Dirty,
    Lifetime,
    Login,
    Idle,
    Epoch,
    Resized,
    Shutdown,
    Used,
}

/// Sessions of one kind on one server that were closed since the pool was built, by why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ClosedStatus {
    /// The connection had ended.
    pub lost: u64,
    /// They came back with something on them, and could not be made clean in `cleanup_timeout`.
    pub dirty: u64,
    /// Their `lifetime` was over.
    pub lifetime: u64,
    /// They had logged in with what [`Credentials`](crate::Credentials) have replaced (`retire_old_logins`).
    pub login: u64,
    /// Nobody used them for `idle_timeout`.
    pub idle: u64,
    /// Their server's role or timeline had changed.
    pub epoch: u64,
    /// There were more than [`Pool::resize`](crate::Pool::resize) allows.
    pub resized: u64,
    /// The pool was shut down.
    pub shutdown: u64,
    /// They were used, and none is kept ([`Mode::PerUse`](crate::Mode)).
    pub used: u64,
}

/// Counts closed sessions of one kind on one server.
#[derive(Debug)]
pub(crate) struct Closed([Tally; 9]);

impl Closed {
    pub(crate) fn new(meter: &Meter, endpoint: &str, kind: &str) -> Self {
        let causes = ["lost", "dirty", "lifetime", "login", "idle", "epoch", "resized", "shutdown", "used"];
        Self(causes.map(|cause| Tally::new(meter.counter(&CLOSED, &[endpoint, kind, cause]))))
    }

    pub(crate) fn count(&self, why: Gone) {
        self.0[why as usize].increment(1);
    }

    pub(crate) fn status(&self) -> ClosedStatus {
        let of = |why: Gone| self.0[why as usize].total();
        ClosedStatus {
            lost: of(Gone::Lost),
            dirty: of(Gone::Dirty),
            lifetime: of(Gone::Lifetime),
            login: of(Gone::Login),
            idle: of(Gone::Idle),
            epoch: of(Gone::Epoch),
            resized: of(Gone::Resized),
            shutdown: of(Gone::Shutdown),
            used: of(Gone::Used),
        }
    }
}
