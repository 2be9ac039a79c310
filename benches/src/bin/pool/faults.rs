//! What happens to others: waits in line, a query that was given up, a promotion.

use crate::subjects::{SESSIONS, deadpool};
use anyhow::Result;
use forebay_benches::{Aim, PAIRS, Report, Summary};
use forebay_pool::{Pool, PoolConfig};
use forebay_tests::{Postgres, PostgresSpec, TestDatabase};
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio::{runtime::Runtime, task::JoinSet};

/// Samples of what takes seconds.
const SLOW_SAMPLES: usize = 5;
/// Tasks that want a session at the same time.
const CALLERS: usize = 32;
/// Calls of all of them in one measurement.
const CALLS: usize = 6_400;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_faults").await });
    waits(report, &runtime, &database)?;
    runtime.block_on(abandoned(report, &database))?;
    runtime.block_on(promotion(report))
}

/// Waits of 32 tasks for eight sessions.
fn waits(report: &mut Report, runtime: &Runtime, database: &TestDatabase) -> Result<()> {
    let config =
        PoolConfig { write_sessions_max: SESSIONS, ..PoolConfig::from_url(&database.primary_url())? };
    let ours = runtime.block_on(Pool::builder(config).build())?;
    let theirs = deadpool(&database.primary_url())?;
    let our_waits = || {
        let ours = ours.clone();
        p99_of(runtime, move || {
            let ours = ours.clone();
            async move {
                let asked = Instant::now();
                let writer = ours.write().await.expect("a session becomes free");
                let waited = asked.elapsed();
                writer.query_one("SELECT 7", &[]).await.expect("the statement is right");
                waited
            }
        })
    };
    let their_waits = || {
        let theirs = theirs.clone();
        p99_of(runtime, move || {
            let theirs = theirs.clone();
            async move {
                let asked = Instant::now();
                let client = theirs.get().await.expect("a session becomes free");
                let waited = asked.elapsed();
                let statement = client.prepare_cached("SELECT 7").await.expect("the statement is right");
                client.query_one(&statement, &[]).await.expect("the statement is right");
                waited
            }
        })
    };
    // Sessions are opened, and the statement is prepared on each.
    our_waits();
    report.same_against_same("pool.checkout_p99_32_tasks", PAIRS, their_waits);
    let name = "pool.checkout_p99_vs_deadpool_32_tasks";
    // Both hand sessions on in the order in which they were asked for, so a wait is as long as the statements ahead of it: what
    // can differ is what handing on costs, and whether anybody is passed over.
    report.time_ratio(name, Aim::AtMost(1.0), PAIRS, our_waits, their_waits);
    runtime.block_on(ours.shutdown(Duration::from_secs(5)));
    Ok(())
}

/// The wait that 99 of 100 calls of [`CALLERS`] tasks stay below. Each task keeps its own list: they meet nowhere but in the pool.
fn p99_of<F>(runtime: &Runtime, call: impl Fn() -> F + Clone + Send + 'static) -> Duration
where
    F: Future<Output = Duration> + Send + 'static,
{
    let mut waits = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..CALLERS {
            let call = call.clone();
            tasks.spawn(async move {
                let mut waits = Vec::with_capacity(CALLS / CALLERS);
                for _ in 0..CALLS / CALLERS {
                    waits.push(call().await);
                }
                waits
            });
        }
        tasks.join_all().await.concat()
    });
    waits.sort_unstable();
    waits[waits.len() * 99 / 100]
}

/// How long the next borrower of the only session waits after a query of three seconds was dropped.
async fn abandoned(report: &mut Report, database: &TestDatabase) -> Result<()> {
    let config = PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url())? };
    let ours = Pool::builder(config).build().await?;
    let theirs = deadpool(&database.primary_url())?;
    theirs.resize(1);
    let mut ratios = Vec::new();
    for _ in 0..SLOW_SAMPLES {
        let writer = ours.write().await?;
        let dropped = async move { writer.query("SELECT pg_sleep(3)", &[]).await };
        let us = give_up_then(dropped, async {
            ours.write().await.expect("it becomes free").query_one("SELECT 1", &[]).await.map(drop)
        });
        let us = Box::pin(us).await?;
        let client = theirs.get().await?;
        let dropped = async move { client.query("SELECT pg_sleep(3)", &[]).await };
        let them = give_up_then(dropped, async {
            theirs.get().await.expect("it becomes free").query_one("SELECT 1", &[]).await.map(drop)
        });
        ratios.push(us / Box::pin(them).await?);
    }
    theirs.close();
    report.spread("pool.abandoned_query_vs_deadpool", Aim::AtMost(0.02), Summary::of(ratios), "ratio", 0.0);
    Ok(())
}

/// Drops the first after 100 ms; the seconds that the next takes.
async fn give_up_then<T, E>(
    dropped: impl Future<Output = T>,
    next: impl Future<Output = Result<(), E>>,
) -> Result<f64, E> {
    drop(tokio::time::timeout(Duration::from_millis(100), dropped).await);
    let asked = Instant::now();
    next.await?;
    Ok(asked.elapsed().as_secs_f64())
}

/// From the moment the promoted standby accepts writes to the first that the pool is acknowledged.
async fn promotion(report: &mut Report) -> Result<()> {
    let mut gaps = Vec::new();
    for _ in 0..SLOW_SAMPLES {
        let postgres = Postgres::start(PostgresSpec::with_standbys(1)).await?;
        let config = PoolConfig::from_url(&postgres.primary_url())?.replicas(postgres.standby_urls())?;
        let pool = Pool::builder(config).build().await?;
        pool.execute("CREATE TABLE w (v int)", &[]).await?;
        postgres.caught_up(0).await?;
        postgres.kill();
        let written = async {
            // Lost, refused or timed out: again.
            while pool.execute("INSERT INTO w VALUES (1)", &[]).await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Instant::now()
        };
        let accepts = async {
            postgres.promote(0).await?;
            Ok::<_, anyhow::Error>(Instant::now())
        };
        let (written, accepts) = tokio::join!(written, accepts);
        gaps.push(written.saturating_duration_since(accepts?).as_secs_f64() * 1e3);
        pool.shutdown(Duration::from_secs(5)).await;
    }
    report.spread("pool.promotion_write_gap_ms_p50", Aim::AtMost(1000.0), Summary::of(gaps), "ms", 0.0);
    Ok(())
}
