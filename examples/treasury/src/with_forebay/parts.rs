use super::caches::{AccountState, Caches, account_tag, catalogue_tag, orders_tag};
use crate::{
    Failure,
    model::{Account, Fragment, LedgerPage},
    page::Cursor,
    queries::{self, Db},
    stats::Tally,
    store::{AccountAndPayments, Source},
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

impl Parts<'_> {
    async fn state(&self, id: i64) -> Result<Arc<AccountState>, Failure> {
        let found = self.caches.accounts.entry(&id).tags(|| [account_tag(id)]);
        let found: Option<_> = found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                let db = Db::new(&session, self.tally);
                let (account, payments) =
                    tokio::try_join!(queries::account(&db, id), queries::payments(&db, id))?;
                let state =
                    |account| AccountState { account: Arc::new(account), payments: Arc::new(payments) };
                Ok::<_, Failure>(account.map(state).map(Arc::new))
            })
            .await?;
        found.ok_or(Failure::NoAccount)
    }
}

impl Source for Parts<'_> {
    async fn account(&self, id: i64) -> Result<Arc<Account>, Failure> {
        Ok(Arc::clone(&self.state(id).await?.account))
    }

    async fn account_and_payments(&self, id: i64) -> Result<AccountAndPayments, Failure> {
        let state = self.state(id).await?;
        Ok((Arc::clone(&state.account), Arc::clone(&state.payments)))
    }

    async fn orders(&self, id: i64) -> Result<Arc<Fragment>, Failure> {
        let found = self.caches.orders.entry(&id).tags(|| [orders_tag(id)]);
        found
            .get_or_load(async || {
                let session = self.pool.read().await?;
                queries::orders(&Db::new(&session, self.tally), id).await.map(Arc::new)
            })
            .await
    }

    async fn holdings(&self, id: i64) -> Result<Arc<Fragment>, Failure> {
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

    async fn search(&self, prefix: &str) -> Result<Arc<Fragment>, Failure> {
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
