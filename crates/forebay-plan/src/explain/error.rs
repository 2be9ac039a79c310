//! Why there is no plan.

use super::eligible::Skipped;
use crate::error::ReadError;
use forebay_pool::PoolError;
use std::time::Duration;
use tokio_postgres::error::SqlState;

/// Why the planner gave no plan. No message has values in it, but for what the server itself says in a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// There is no call of this statement whose values are kept.
    #[error("no call of this statement is kept with its values")]
    NoSample,
    /// It was not asked.
    #[error("not asked: {0}")]
    Skipped(Skipped),
    /// The connection could not be opened.
    #[error("the connection")]
    Connect(#[source] PoolError),
    /// The server refused the question, or ended it because it took too long or waited for a lock.
    #[error("the server refused")]
    Refused(#[source] tokio_postgres::Error),
    /// The server did not answer.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// What it answered is no plan.
    #[error("the answer")]
    Unreadable(#[from] ReadError),
    /// The explainer was shut down, or has too much to do.
    #[error("the explainer does not take the question")]
    Closed,
}

impl ExplainError {
    /// Whether the server was too slow, or something it needed was locked.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Silent(_) => true,
            Self::Refused(error) => {
                matches!(error.code(), Some(&SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE))
            }
            Self::Connect(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// Whether the server, and not the statement, is in trouble.
    pub(super) fn is_of_server(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Silent(_) => true,
            Self::Refused(error) => error.is_closed() || error.code().is_none(),
            _ => false,
        }
    }
}
