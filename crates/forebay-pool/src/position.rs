//! The log position behind a write, and who is told of it.

use crate::{error::PoolError, lease::Lease, tap::TransactionState};
use forebay_scope::{Position, Scope};

/// What is known of the position behind an acknowledged write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// Everything up to here includes the write.
    Known(Position),
    /// The connection ended between the write and the question; only the primary surely has it.
    Unknown(Position),
}

/// Binds the current scope's reads to the primary unless the write it stands for comes to a known end: dropped
/// while it is armed, the write may have happened at a position nobody was told.
#[must_use]
pub(crate) struct Unsettled(Option<(Scope, Position)>);

impl Unsettled {
    /// Armed before the first byte of a write is sent. Outside of a scope there is nobody to bind.
    pub(crate) fn arm(lease: &Lease) -> Self {
        Self(Scope::current().map(|scope| (scope, primary_only(lease.origin()))))
    }

    /// The write has not happened, or its position was noted.
    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }

    /// The result of a write that has not been noted yet; a failure after which certainly nothing was changed
    /// disarms. A statement that the server refused may have changed something all the same: procedures and
    /// texts of several statements commit on their way.
    pub(crate) fn unless_untouched<T>(self, result: Result<T, PoolError>) -> Result<(T, Self), PoolError> {
        match result {
            Ok(answer) => Ok((answer, self)),
            Err(error) => {
                let untouched = match &error {
                    PoolError::Statement { .. } => false,
                    other => !other.is_outcome_unknown(),
                };
                if untouched {
                    self.disarm();
                }
                Err(error)
            }
        }
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if let Some((scope, primary_only)) = self.0.take() {
            scope.require(primary_only);
        }
    }
}

/// A position no replica reaches: reads that require it go to the primary.
const fn primary_only(origin: Position) -> Position {
    Position { lsn: u64::MAX, ..origin }
}

/// Whether no replica reaches a position, so that waiting for one is in vain.
pub(crate) const fn is_primary_only(position: Position) -> bool {
    position.lsn == u64::MAX
}

/// Settles the position behind a write: the one that came with it, else one asked now, which is later and so
/// includes the write as well.
pub(crate) async fn settle(lease: &Lease, at: Option<Position>) -> Behind {
    if let Some(at) = at {
        return Behind::Known(at);
    }
    // Boxed because it is rare: the position mostly comes with the write.
    match Box::pin(lease.log_position()).await {
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
