use super::Cursor;

/// Names one answer of a read route.
#[derive(Debug, Clone, PartialEq, Eq)]
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
