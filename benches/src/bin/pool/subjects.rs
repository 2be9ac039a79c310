//! Who is compared: our pool and the peers, each doing the same job the fastest way it documents.

use anyhow::{Context as _, Result};
use bb8_postgres::{PostgresConnectionManager, bb8};
use deadpool_postgres::{ManagerConfig, RecyclingMethod};
use forebay_pool::Pool;
use sqlx::postgres::PgPoolOptions;
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;
use tokio_postgres::{NoTls, types::Type};

/// Sessions of each pool.
pub(crate) const SESSIONS: usize = 8;
const READ: &str = "SELECT id, balance FROM account WHERE id = $1";

pub(crate) type Bb8 = bb8::Pool<PostgresConnectionManager<NoTls>>;

/// A pool that lends sessions and reads rows by their key.
pub(crate) trait Subject: Clone + Send + Sync + 'static {
    /// Takes a session and gives it back.
    fn checkout(&self) -> impl Future<Output = ()> + Send;

    /// Takes a session, reads an account, and gives the session back; the account's balance is its `id`.
    fn read(&self, id: i32) -> impl Future<Output = i32> + Send;
}

impl Subject for Pool {
    async fn checkout(&self) {
        drop(self.write().await.expect("a session is free"));
    }

    async fn read(&self, id: i32) -> i32 {
        let reader = Self::read(self).await.expect("a session is free");
        reader.query_one(READ, &[&id]).await.expect("the row exists").get(1)
    }
}

/// Our pool where a checkout chooses among replicas.
#[derive(Clone)]
pub(crate) struct Split(pub(crate) Pool);

impl Subject for Split {
    async fn checkout(&self) {
        drop(self.0.read().await.expect("a session is free"));
    }

    fn read(&self, id: i32) -> impl Future<Output = i32> + Send {
        Subject::read(&self.0, id)
    }
}

/// Without a query at checkout, as its documentation recommends for speed; statements from its cache.
pub(crate) fn deadpool(url: &str) -> Result<deadpool_postgres::Pool> {
    let manager = deadpool_postgres::Manager::from_config(
        url.parse().context("the lab's address is a connection string")?,
        NoTls,
        ManagerConfig { recycling_method: RecyclingMethod::Fast },
    );
    Ok(deadpool_postgres::Pool::builder(manager).max_size(SESSIONS).build()?)
}

impl Subject for deadpool_postgres::Pool {
    async fn checkout(&self) {
        drop(self.get().await.expect("a session is free"));
    }

    async fn read(&self, id: i32) -> i32 {
        let client = self.get().await.expect("a session is free");
        let statement = client.prepare_cached(READ).await.expect("the statement is right");
        client.query_one(&statement, &[&id]).await.expect("the row exists").get(1)
    }
}

/// Without the query at checkout that it makes by default. It keeps no statements, so the read is one message of parse,
/// bind and execute.
pub(crate) async fn bb8(url: &str) -> Result<Bb8> {
    let manager = PostgresConnectionManager::new_from_stringlike(url, NoTls)?;
    let sessions = u32::try_from(SESSIONS)?;
    let pool = bb8::Pool::builder().max_size(sessions).min_idle(sessions).test_on_check_out(false);
    Ok(pool.build(manager).await?)
}

impl Subject for Bb8 {
    async fn checkout(&self) {
        drop(self.get().await.expect("a session is free"));
    }

    async fn read(&self, id: i32) -> i32 {
        let client = self.get().await.expect("a session is free");
        client.query_typed_one(READ, &[(&id, Type::INT4)]).await.expect("the row exists").get(1)
    }
}

/// Without the query at checkout that it makes by default; the one it makes when a session comes back cannot be left out.
/// Statements from its cache.
pub(crate) async fn sqlx(url: &str) -> Result<sqlx::PgPool> {
    let sessions = u32::try_from(SESSIONS)?;
    Ok(PgPoolOptions::new().max_connections(sessions).test_before_acquire(false).connect(url).await?)
}

impl Subject for sqlx::PgPool {
    async fn checkout(&self) {
        drop(self.acquire().await.expect("a session is free"));
    }

    async fn read(&self, id: i32) -> i32 {
        let row = sqlx::query_as(READ).bind(id).fetch_one(self);
        let (_, balance): (i32, i32) = row.await.expect("the row exists");
        balance
    }
}

/// The time `tasks` tasks need for `times` calls in sum; `work` makes that many of them.
pub(crate) fn time<F>(runtime: &Runtime, tasks: usize, times: usize, work: impl Fn(usize) -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime.block_on(async {
        let started = Instant::now();
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..tasks {
            running.spawn(work(times / tasks));
        }
        running.join_all().await;
        started.elapsed()
    })
}
