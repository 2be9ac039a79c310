use super::caches::{Caches, account_tag, catalogue_tag, orders_tag};
use crate::{
    Failure,
    model::{Account, Holdings, LedgerPage, Orders, Part, Payment},
    page::Cursor,
    queries::{self, Db},
    stats::Tally,
    store::Source,
};
use forebay::pool::Pool;
use std::sync::Arc;

/// Every part from its cache, and what is in none from a server that is fresh enough.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) caches: &'a Caches,
    pub(super) pool: &'a Pool,
    pub(super) tally: &'a Tally<'a>,
}

impl Source for Parts<'_> {
    async fn account(&self, id: i64) -> Result<Arc<Account>, Failure> {
        let found = self.caches.accounts.entry(&id).tags(|| [account_tag(id)]);
        let found: Option<_> = found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                let account = queries::account(&Db::new(&session, self.tally), id).await?;
                Ok::<_, Failure>(account.map(Arc::new))
            })
            .await?;
        found.ok_or(Failure::NoAccount)
    }

    async fn payments(&self, id: i64) -> Result<Arc<Vec<Payment>>, Failure> {
        let found = self.caches.payments.entry(&id).tags(|| [account_tag(id)]);
        found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                queries::payments(&Db::new(&session, self.tally), id).await.map(Arc::new)
            })
            .await
    }

    async fn orders(&self, id: i64) -> Result<Arc<Orders>, Failure> {
        let found = self.caches.orders.entry(&id).tags(|| [orders_tag(id)]);
        found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                queries::orders(&Db::new(&session, self.tally), id).await.map(Arc::new)
            })
            .await
    }

    async fn holdings(&self, id: i64) -> Result<Arc<Holdings>, Failure> {
        let found = self.caches.holdings.entry(&id).tags(|| [orders_tag(id)]);
        found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                queries::holdings(&Db::new(&session, self.tally), id).await.map(Arc::new)
            })
            .await
    }

    async fn ledger(&self, id: i64, after: &Cursor) -> Result<Arc<LedgerPage>, Failure> {
        let key = (id, Arc::clone(after.text()));
        let found = self.caches.ledgers.entry(&key).tags(|| [orders_tag(id)]);
        found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                queries::ledger(&Db::new(&session, self.tally), id, after).await.map(Arc::new)
            })
            .await
    }

    async fn search(&self, prefix: &str) -> Result<Arc<Vec<Part>>, Failure> {
        let key = prefix.to_owned();
        let found = self.caches.searches.entry(&key).tags(|| [catalogue_tag()]);
        found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                queries::search(&Db::new(&session, self.tally), prefix).await.map(Arc::new)
            })
            .await
    }
}
