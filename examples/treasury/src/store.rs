use crate::{
    Failure,
    model::{Account, Fragment, LedgerPage, Payment, Receipt},
    page::{Cursor, PageKey},
    stats::Stats,
};
use axum::response::Response;
use std::{future::Future, sync::Arc};

/// Where the handlers get their answers: the one seam between the two modes.
pub(crate) trait Store: Clone + Send + Sync + 'static {
    /// Answers a read route.
    fn answer(&self, key: PageKey) -> impl Future<Output = Result<Response, Failure>> + Send;

    /// Books a payment; once this returns, every read that starts on this node shows it.
    fn pay(
        &self,
        account: i64,
        amount_cents: i64,
        memo: &str,
    ) -> impl Future<Output = Result<Receipt, Failure>> + Send;

    /// What happened so far.
    fn stats(&self) -> Stats;
}

/// What changes with every payment.
pub(crate) type AccountAndPayments = (Arc<Account>, Arc<Vec<Payment>>);

/// The parts answers are built from.
pub(crate) trait Source: Sync {
    /// An account's state.
    fn account(&self, id: i64) -> impl Future<Output = Result<Arc<Account>, Failure>> + Send;

    /// The same with its latest payments.
    fn account_and_payments(
        &self,
        id: i64,
    ) -> impl Future<Output = Result<AccountAndPayments, Failure>> + Send;

    /// Its orders, summed up.
    fn orders(&self, id: i64) -> impl Future<Output = Result<Arc<Fragment>, Failure>> + Send;

    /// What it holds.
    fn holdings(&self, id: i64) -> impl Future<Output = Result<Arc<Fragment>, Failure>> + Send;

    /// Its line items after a cursor.
    fn ledger(
        &self,
        id: i64,
        after: &Cursor,
    ) -> impl Future<Output = Result<Arc<LedgerPage>, Failure>> + Send;

    /// Parts by the beginning of their name.
    fn search(&self, prefix: &str) -> impl Future<Output = Result<Arc<Fragment>, Failure>> + Send;
}
