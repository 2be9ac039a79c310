//! What a competent engineer has today: one deadpool on the primary, statements prepared once per connection,
//! the queries of a request sent together on one connection, JSON from serde.

use crate::{
    Failure,
    model::{Account, Fragment, LedgerPage, Receipt},
    page::{Cursor, PageKey, build},
    queries::{self, Db, Params, Session},
    stats::{Counters, Stats},
    store::{AccountAndPayments, Source, Store},
};
use anyhow::Context;
use axum::{
    body::Body,
    http::{Response as HttpResponse, header},
    response::Response,
};
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Transaction};
use std::sync::Arc;
use tokio_postgres::{NoTls, Row};

/// The bare store.
#[derive(Debug, Clone)]
pub(crate) struct Bare {
    pool: Pool,
    counters: Arc<Counters>,
}

/// deadpool repeats in its own words what the driver says.
fn cause(error: PoolError) -> anyhow::Error {
    match error {
        PoolError::Backend(driver) => driver.into(),
        other => other.into(),
    }
}

impl Bare {
    /// Connects once, so that a wrong address is told at start.
    pub(crate) async fn connect(url: &str, pool_size: usize) -> anyhow::Result<Self> {
        let config: tokio_postgres::Config = url.parse().context("the primary's URL")?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, NoTls, recycling);
        let pool = Pool::builder(manager).max_size(pool_size).build()?;
        drop(pool.get().await.map_err(cause).context("cannot connect to the primary")?);
        Ok(Self { pool, counters: Arc::default() })
    }

    async fn connection(&self) -> Result<Client, Failure> {
        self.pool.get().await.map_err(|error| Failure::Connection(error.into()))
    }
}

impl Store for Bare {
    async fn answer(&self, key: PageKey) -> Result<Response, Failure> {
        let tally = self.counters.read();
        let client = self.connection().await?;
        let page = build(&Direct { db: Db::new(&client, &tally) }, &key).await?;
        let mut response = HttpResponse::builder().header(header::CONTENT_TYPE, "application/json");
        if let Some(version) = page.version {
            response = response.header(crate::routes::VERSION, version);
        }
        if let Some(next) = page.next {
            response = response.header(header::LINK, crate::routes::next_link(&next));
        }
        Ok(response.body(Body::from(page.json)).expect("every header is text of our own"))
    }

    async fn pay(&self, account: i64, amount_cents: i64, memo: &str) -> Result<Receipt, Failure> {
        let tally = self.counters.payment();
        let mut client = self.connection().await?;
        let transaction = client.transaction().await?;
        let receipt = queries::pay(&Db::new(&transaction, &tally), account, amount_cents, memo).await?;
        transaction.commit().await?;
        Ok(receipt)
    }

    fn stats(&self) -> Stats {
        self.counters.stats("bare")
    }
}

impl Session for Client {
    async fn rows(&self, sql: &str, given: Params<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.prepare_cached(sql).await?;
        Ok(self.query(&statement, given).await?)
    }
}

impl Session for Transaction<'_> {
    async fn rows(&self, sql: &str, given: Params<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.prepare_cached(sql).await?;
        Ok(self.query(&statement, given).await?)
    }
}

/// Every part straight from one connection.
struct Direct<'a> {
    db: Db<'a, Client>,
}

impl Source for Direct<'_> {
    async fn account(&self, id: i64) -> Result<Arc<Account>, Failure> {
        queries::account(&self.db, id).await?.map(Arc::new).ok_or(Failure::NoAccount)
    }

    async fn account_and_payments(&self, id: i64) -> Result<AccountAndPayments, Failure> {
        let (account, payments) =
            tokio::try_join!(queries::account(&self.db, id), queries::payments(&self.db, id))?;
        Ok((account.map(Arc::new).ok_or(Failure::NoAccount)?, Arc::new(payments)))
    }

    async fn orders(&self, id: i64) -> Result<Arc<Fragment>, Failure> {
        queries::orders(&self.db, id).await.map(Arc::new)
    }

    async fn holdings(&self, id: i64) -> Result<Arc<Fragment>, Failure> {
        queries::holdings(&self.db, id).await.map(Arc::new)
    }

    async fn ledger(&self, id: i64, after: &Cursor) -> Result<Arc<LedgerPage>, Failure> {
        queries::ledger(&self.db, id, after).await.map(Arc::new)
    }

    async fn search(&self, prefix: &str) -> Result<Arc<Fragment>, Failure> {
        queries::search(&self.db, prefix).await.map(Arc::new)
    }
}
