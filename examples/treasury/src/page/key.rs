use super::Cursor;

/// Names one answer of a read route.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PageKey {
    /// An account at a glance.
    Dashboard(i64),
    /// What an account holds.
    Portfolio(i64),
    /// One page of an account's line items; `None` is the first.
    Ledger(i64, Option<Cursor>),
    /// Parts whose name begins so.
    Search(String),
}

impl PageKey {
    /// The account the answer is about.
    pub(crate) const fn account(&self) -> Option<i64> {
        match self {
            Self::Dashboard(id) | Self::Portfolio(id) | Self::Ledger(id, _) => Some(*id),
            Self::Search(_) => None,
        }
    }
}
