//! A spike: fifty callers at once for five warm sessions, while a connect takes 150 ms.

use anyhow::Result;
use async_trait::async_trait;
use forebay_benches::{Aim, Report};
use forebay_pool::{Connect, ConnectFailure, ConnectPlain, Connected, Pool, PoolConfig, Tap, Target};
use std::time::Duration;
use tokio::task::JoinSet;

const CALLERS: usize = 50;
const WARM: usize = 5;
const CONNECT: Duration = Duration::from_millis(150);
const ROUNDS: usize = 5;

struct Slow;

#[async_trait]
impl Connect for Slow {
    async fn connect(&self, target: &Target, tap: &Tap) -> Result<Connected, ConnectFailure> {
        tokio::time::sleep(CONNECT).await;
        ConnectPlain.connect(target, tap).await
    }
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut most = 0;
    for _ in 0..ROUNDS {
        most = most.max(runtime.block_on(extra_connections())?);
    }
    report.value("pool.spike_extra_connections", Aim::AtMost(2.0), most as f64, "connections", ROUNDS);
    Ok(())
}

/// Sessions opened for a spike on top of those that were there.
async fn extra_connections() -> Result<usize> {
    let database = forebay_tests::shared().await.database("bench_spike").await;
    let config = PoolConfig {
        write_sessions_max: CALLERS,
        write_idle_min: Some(WARM),
        ..PoolConfig::from_url(&database.primary_url())?
    };
    let pool = Pool::builder(config).connect(Slow).build().await?;
    let all = || pool.status().servers[0].sessions[0].all;
    let idle = || pool.status().servers[0].sessions[0].idle;
    forebay_tests::eventually("the pool is warm", async || idle() == WARM && all() == WARM).await;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let pool = pool.clone();
        callers.spawn(async move {
            let writer = pool.write().await.expect("a session becomes free");
            writer.query_one("SELECT pg_sleep(0.002)", &[]).await.expect("the statement is right");
        });
    }
    callers.join_all().await;
    forebay_tests::eventually("what was under way has ended", async || idle() == all()).await;
    let extra = all() - WARM;
    pool.shutdown(Duration::from_secs(5)).await;
    Ok(extra)
}
