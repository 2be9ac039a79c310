//! How a transaction begins.

use crate::freshness::Freshness;

/// What one transaction sees of the others that run beside it.
///
/// Source: PostgreSQL documentation, 13.2 "Transaction Isolation".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Each statement sees what was committed before it began.
    ReadCommitted,
    /// All statements see one snapshot. A write to a row that has changed since fails with 40001.
    RepeatableRead,
    /// As if transactions ran one after the other; one that would show otherwise fails with 40001. No standby offers
    /// it, so it is always on the primary.
    Serializable,
}

impl Isolation {
    const fn as_sql(self) -> &'static str {
        match self {
            Self::ReadCommitted => " ISOLATION LEVEL READ COMMITTED",
            Self::RepeatableRead => " ISOLATION LEVEL REPEATABLE READ",
            Self::Serializable => " ISOLATION LEVEL SERIALIZABLE",
        }
    }
}

/// How a transaction begins. Default: it may write, at the server's own isolation level.
///
/// ```
/// use forebay_pool::{Isolation, TransactionOptions};
///
/// // Several reads of one snapshot, on a replica.
/// let report = TransactionOptions::snapshot();
/// // Writes that must not miss each other; see `Pool::retry_transaction`.
/// let transfer = TransactionOptions::default().isolation(Isolation::Serializable);
/// # let _ = (report, transfer);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[must_use = "options do nothing until a transaction begins with them"]
pub struct TransactionOptions {
    isolation: Option<Isolation>,
    read_only: bool,
    deferrable: bool,
    freshness: Freshness,
}

impl TransactionOptions {
    /// Read-only, and all statements see one snapshot ([`Isolation::RepeatableRead`]).
    pub fn snapshot() -> Self {
        Self::default().read_only().isolation(Isolation::RepeatableRead)
    }

    /// What it sees of others. Default: the server's `default_transaction_isolation`, as a rule read committed.
    pub const fn isolation(self, isolation: Isolation) -> Self {
        Self { isolation: Some(isolation), ..self }
    }

    /// It only reads: the server refuses writes, and it goes where [`Pool::read`](crate::Pool::read) would, to a replica
    /// that is fresh enough; with [`Isolation::Serializable`] to a read-only session on the primary. Default: it may
    /// write.
    pub const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Serializable, read-only and deferrable: it may wait for others before its first statement, and then neither
    /// fails with 40001 nor makes others fail. For long reports on the primary. Default: not.
    pub const fn deferrable(self) -> Self {
        Self { isolation: Some(Isolation::Serializable), read_only: true, deferrable: true, ..self }
    }

    /// How fresh the server of a read-only transaction must be, on top of what the scope requires; one that may write
    /// is on the primary whatever this says. Default: as the pool's `lag_max` says.
    pub const fn freshness(self, freshness: Freshness) -> Self {
        Self { freshness, ..self }
    }

    pub(crate) const fn is_read_only(self) -> bool {
        self.read_only
    }

    /// How fresh its server must be; `None` when only the primary will do.
    pub(crate) const fn any_server(self) -> Option<Freshness> {
        match self.isolation {
            Some(Isolation::Serializable) => None,
            _ if self.read_only => Some(self.freshness),
            _ => None,
        }
    }

    /// The command that begins it.
    pub(crate) fn begin(self) -> String {
        let mut sql = "BEGIN".to_owned();
        sql.push_str(self.isolation.map_or("", Isolation::as_sql));
        if self.read_only {
            sql.push_str(" READ ONLY");
        }
        // Without the other two it has no effect.
        if self.deferrable && self.isolation == Some(Isolation::Serializable) {
            sql.push_str(" DEFERRABLE");
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::{Isolation, TransactionOptions};

    #[test]
    fn each_option_is_in_the_command() {
        let options = TransactionOptions::default();
        assert_eq!(options.begin(), "BEGIN");
        assert_eq!(options.read_only().begin(), "BEGIN READ ONLY");
        assert_eq!(TransactionOptions::snapshot().begin(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        assert_eq!(options.deferrable().begin(), "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE");
        let weaker = options.deferrable().isolation(Isolation::ReadCommitted);
        assert_eq!(weaker.begin(), "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY");
    }

    #[test]
    fn only_reads_below_serializable_may_leave_the_primary() {
        let options = TransactionOptions::default();
        assert!(options.read_only().any_server().is_some());
        for primary in [options, options.deferrable(), options.read_only().isolation(Isolation::Serializable)]
        {
            assert!(primary.any_server().is_none(), "{primary:?}");
        }
    }
}
