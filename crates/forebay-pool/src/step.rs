//! The steps at which something can fail.

use std::fmt;

/// What was being done when something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Waiting for a session.
    Acquire,
    /// Cleaning up after an earlier statement of the same guard that was dropped.
    Cleanup,
    /// A statement.
    Statement,
    /// `BEGIN`.
    Begin,
    /// `COMMIT`.
    Commit,
    /// `ROLLBACK`.
    Rollback,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acquire => "the wait for a session",
            Self::Cleanup => "the cleanup after a dropped statement",
            Self::Statement => "the statement",
            Self::Begin => "BEGIN",
            Self::Commit => "COMMIT",
            Self::Rollback => "ROLLBACK",
        })
    }
}
