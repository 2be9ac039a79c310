//! What a lane is for, and what its callers want.

/// What the sessions of a lane are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    /// On the primary, for anything.
    Write,
    /// On the primary, read-only at the server.
    PrimaryRead,
    /// On a replica.
    Replica,
}

impl Access {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::PrimaryRead => "primary_read",
            Self::Replica => "replica",
        }
    }
}

/// What a caller wants when the server cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Waits until the timeout: there is no other server to ask.
    UntilTimeout,
    /// Hears of the first failed connect: there are others.
    UntilFailure,
}
