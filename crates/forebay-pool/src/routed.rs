//! Where statements went, counted.

use crate::{counts::Tally, metrics::ROUTES};
use forebay_metrics::Meter;
use forebay_sql::Kind;
use serde::{Deserialize, Serialize};

/// Whether [`Pool::query`](crate::Pool::query) and its kin send statements where their text allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Routing {
    /// They do.
    #[default]
    On,
    /// Everything goes to the primary, on a session that may write, and what would have gone to a replica is counted: to see
    /// what would move before anything does. [`Pool::read`](crate::Pool::read), where a caller says that it only reads, is
    /// not affected.
    Shadow,
}

/// How many statements of [`Pool::query`](crate::Pool::query) and its kin went where, and why, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RoutesStatus {
    /// Read-only by their text: to a replica that is fresh enough, or the primary.
    pub read: u64,
    /// The same, kept on the primary by [`Routing::Shadow`].
    pub shadowed: u64,
    /// Read-only by their text, but refused by a standby before: to the primary.
    pub learned: u64,
    /// Not proven to be read-only: to the primary.
    pub unproven: u64,
    /// Writes: to the primary.
    pub write: u64,
}

/// Why a statement went where it went.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Why {
    Read,
    Shadowed,
    Learned,
    Unproven,
    Write,
}

impl From<Kind> for Why {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Read => Self::Read,
            Kind::Write => Self::Write,
            Kind::Unproven => Self::Unproven,
        }
    }
}

/// Counts statements by where they went and why.
pub(crate) struct Routed([Tally; 5]);

impl Routed {
    pub(crate) fn new(meter: &Meter) -> Self {
        let labels = [
            ["replica", "read"],
            ["primary", "shadowed"],
            ["primary", "learned"],
            ["primary", "unproven"],
            ["primary", "write"],
        ];
        Self(labels.map(|labels| Tally::new(meter.counter(&ROUTES, &labels))))
    }

    pub(crate) fn count(&self, why: Why) {
        self.0[why as usize].increment(1);
    }

    pub(crate) fn status(&self) -> RoutesStatus {
        let of = |why: Why| self.0[why as usize].total();
        RoutesStatus {
            read: of(Why::Read),
            shadowed: of(Why::Shadowed),
            learned: of(Why::Learned),
            unproven: of(Why::Unproven),
            write: of(Why::Write),
        }
    }
}
