//! The log position behind a write, and who is told of it.

use crate::{lease::Lease, tap::TransactionState};
use forebay_scope::{Position, Scope};

/// What is known of the position behind an acknowledged write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// Everything up to here includes the write.
    Known(Position),
    /// The connection ended between the write and the question; only the primary surely has it.
    Unknown(Position),
}

/// A position no replica reaches: reads that require it go to the primary.
const fn primary_only(origin: Position) -> Position {
    Position { lsn: u64::MAX, ..origin }
}

/// Settles the position behind a write: the one that came with it, else one asked now, which is later and so
/// includes the write as well.
pub(crate) async fn settle(lease: &Lease, at: Option<Position>) -> Behind {
    if let Some(at) = at {
        return Behind::Known(at);
    }
    match lease.log_position().await {
        Ok(at) => Behind::Known(at),
        Err(_) => Behind::Unknown(primary_only(lease.origin())),
    }
}

/// Tells the current scope of a write in autocommit. Inside an explicit transaction nothing is committed yet:
/// the statement that ends it comes by here as well.
pub(crate) async fn note_write(lease: &Lease, at: Option<Position>) {
    if lease.tap().in_flight() == 0 && lease.tap().transaction() != TransactionState::Idle {
        return;
    }
    let behind = settle(lease, at).await;
    Scope::with_current(|scope| tell(scope, behind));
}

/// An unknown position binds the scope's own reads and is not noted as a write: an invalidation that carried
/// it could never be satisfied.
pub(crate) fn tell(scope: &Scope, behind: Behind) {
    match behind {
        Behind::Known(at) => scope.wrote(at),
        Behind::Unknown(primary_only) => scope.require(primary_only),
    }
}

impl Behind {
    pub(crate) const fn position(self) -> Position {
        match self {
            Self::Known(at) | Self::Unknown(at) => at,
        }
    }
}
