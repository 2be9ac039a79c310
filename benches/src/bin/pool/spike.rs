//! A spike: fifty callers at once for five warm sessions, while a connect takes 150 ms.

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use bb8_postgres::{PostgresConnectionManager, bb8};
use deadpool_postgres::{ConfigConnectImpl, Manager, ManagerConfig};
use forebay_benches::{Aim, Report};
use forebay_pool::{Connect, ConnectFailure, ConnectPlain, Connected, Pool, PoolConfig, Tap, Target};
use forebay_tests::TestDatabase;
use sqlx::postgres::PgPoolOptions;
use std::{future::Future, pin::Pin, time::Duration};
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::{Client, Config, Error, NoTls};

const CALLERS: usize = 50;
const WARM: usize = 5;
const CONNECT: Duration = Duration::from_millis(150);
const ROUNDS: usize = 5;
const QUERY: &str = "SELECT pg_sleep(0.002)";

/// Connects that take their time.
#[derive(Debug)]
struct Slow<T>(T);

#[async_trait]
impl Connect for Slow<ConnectPlain> {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        tokio::time::sleep(CONNECT).await;
        self.0.connect(target, tap).await
    }
}

impl deadpool_postgres::Connect for Slow<ConfigConnectImpl<NoTls>> {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        let connecting = self.0.connect(config);
        Box::pin(async {
            tokio::time::sleep(CONNECT).await;
            connecting.await
        })
    }
}

impl bb8::ManageConnection for Slow<PostgresConnectionManager<NoTls>> {
    type Connection = Client;
    type Error = Error;

    async fn connect(&self) -> Result<Client, Error> {
        tokio::time::sleep(CONNECT).await;
        self.0.connect().await
    }

    async fn is_valid(&self, client: &mut Client) -> Result<(), Error> {
        self.0.is_valid(client).await
    }

    fn has_broken(&self, client: &mut Client) -> bool {
        self.0.has_broken(client)
    }
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut most = [0; 4];
    for _ in 0..ROUNDS {
        let extra = runtime.block_on(async {
            let database = forebay_tests::shared().await.database("bench_spike").await;
            let bb8 = bb8(&database.primary_url()).await?;
            let sqlx = sqlx(&database.primary_url()).await?;
            Ok::<_, anyhow::Error>([
                ours(&database).await?,
                deadpool(&database.primary_url()).await?,
                bb8,
                sqlx,
            ])
        })?;
        for (most, extra) in most.iter_mut().zip(extra) {
            *most = extra.max(*most);
        }
    }
    let name = "pool.spike_extra_connections";
    report.value(name, Aim::AtMost(2.0), most[0] as f64, "connections", ROUNDS);
    for (peer, most) in ["deadpool", "bb8", "sqlx"].iter().zip(&most[1..]) {
        report.value(&format!("{name}_{peer}"), Aim::None, *most as f64, "connections", ROUNDS);
    }
    Ok(())
}

/// All callers at once, until each has its answer.
async fn spike<F>(call: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call());
    }
    callers.join_all().await;
}

/// Sessions opened for a spike on top of those that were there.
async fn ours(database: &TestDatabase) -> Result<usize> {
    let config = PoolConfig {
        write_sessions_max: CALLERS,
        write_idle_min: Some(WARM),
        ..PoolConfig::from_url(&database.primary_url())?
    };
    let pool = Pool::builder(config).connect(Slow(ConnectPlain)).build().await?;
    let all = || pool.status().servers[0].sessions[0].all;
    let idle = || pool.status().servers[0].sessions[0].idle;
    forebay_tests::eventually("the pool is warm", async || idle() == WARM && all() == WARM).await;
    spike(|| {
        let pool = pool.clone();
        async move {
            let writer = pool.write().await.expect("a session becomes free");
            writer.query_one(QUERY, &[]).await.expect("the statement is right");
        }
    })
    .await;
    forebay_tests::eventually("what was under way has ended", async || idle() == all()).await;
    let extra = all() - WARM;
    pool.shutdown(Duration::from_secs(5)).await;
    Ok(extra)
}

async fn deadpool(url: &str) -> Result<usize> {
    let connect = Slow(ConfigConnectImpl { tls: NoTls });
    let url = url.parse().context("the lab's address is a connection string")?;
    let manager = Manager::from_connect(url, connect, ManagerConfig::default());
    let pool = deadpool_postgres::Pool::builder(manager).max_size(CALLERS).build()?;
    let mut warm = Vec::new();
    for _ in 0..WARM {
        warm.push(pool.get().await?);
    }
    drop(warm);
    spike(|| {
        let pool = pool.clone();
        async move {
            let client = pool.get().await.expect("a session becomes free");
            client.query_one(QUERY, &[]).await.expect("the statement is right");
        }
    })
    .await;
    Ok(pool.status().size - WARM)
}

async fn bb8(url: &str) -> Result<usize> {
    let manager = Slow(PostgresConnectionManager::new_from_stringlike(url, NoTls)?);
    let (most, warm) = (u32::try_from(CALLERS)?, u32::try_from(WARM)?);
    let pool = bb8::Pool::builder().max_size(most).min_idle(warm).build(manager).await?;
    spike(|| {
        let pool = pool.clone();
        async move {
            let client = pool.get().await.expect("a session becomes free");
            client.query_one(QUERY, &[]).await.expect("the statement is right");
        }
    })
    .await;
    // What nobody waits for any more is opened all the same.
    tokio::time::sleep(CONNECT * 2).await;
    Ok((pool.state().connections - warm) as usize)
}

async fn sqlx(url: &str) -> Result<usize> {
    let (most, warm) = (u32::try_from(CALLERS)?, u32::try_from(WARM)?);
    let options = PgPoolOptions::new().max_connections(most).min_connections(warm);
    let options = options.after_connect(|_, _| {
        Box::pin(async {
            tokio::time::sleep(CONNECT).await;
            Ok(())
        })
    });
    let pool = options.connect(url).await?;
    forebay_tests::eventually("the pool is warm", async || pool.num_idle() == WARM).await;
    spike(|| {
        let pool = pool.clone();
        async move {
            let answer = sqlx::query(QUERY).fetch_one(&pool);
            answer.await.expect("the statement is right");
        }
    })
    .await;
    let extra = pool.size() - warm;
    pool.close().await;
    Ok(extra as usize)
}
