//! What a lane is for, and what its callers want.

/// What the sessions of a lane are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    /// Read-only at the server, whatever its role.
    Read,
    /// For anything, on the primary.
    Write,
    /// Read-only as well, and shared by callers who send one behind the other.
    Pipelined,
}

impl Access {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Pipelined => "pipelined",
        }
    }
}

/// What a caller wants when the server cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Waits until the timeout, or until a connect fails for a reason that no repetition mends: there is no other server
    /// to ask.
    UntilTimeout,
    /// Hears of the first failed connect: there are others.
    UntilFailure,
}
