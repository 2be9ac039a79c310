//! The cost of a checkout, and prepared reads through it.

use anyhow::{Context as _, Result};
use deadpool_postgres::{ManagerConfig, RecyclingMethod};
use forebay_benches::{Aim, PAIRS, Report};
use forebay_pool::{Pool, PoolConfig};
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

/// Sessions of each pool.
pub(crate) const SESSIONS: usize = 8;
/// Checkouts in one measurement by one task.
const CHECKOUTS: usize = 50_000;
/// Reads in one measurement, shared by its tasks.
const READS: usize = 4_000;
const ROWS: i32 = 10_000;
const READ: &str = "SELECT id, balance FROM account WHERE id = $1";

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_pool").await });
    runtime.block_on(database.execute(&format!(
        "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL); \
         INSERT INTO account SELECT id, id FROM generate_series(1, {ROWS}) AS id; ANALYZE account"
    )));
    let theirs = deadpool(&database.primary_url())?;
    let config = PoolConfig {
        write_sessions_max: SESSIONS,
        primary_read_sessions_max: SESSIONS,
        replica_sessions_max: SESSIONS,
        ..PoolConfig::from_url(&database.primary_url())?
    };
    let split = config.clone().replicas(database.replica_urls())?;
    let ours = runtime.block_on(Pool::builder(config).build())?;
    let split = runtime.block_on(Pool::builder(split).build())?;

    checkouts(report, &runtime, &ours, &split, &theirs);
    reads(report, &runtime, &ours, &theirs);
    runtime.block_on(async {
        theirs.close();
        ours.shutdown(Duration::from_secs(5)).await;
        split.shutdown(Duration::from_secs(5)).await;
    });
    Ok(())
}

/// As its documentation recommends for speed: no query at checkout.
pub(crate) fn deadpool(url: &str) -> Result<deadpool_postgres::Pool> {
    let manager = deadpool_postgres::Manager::from_config(
        url.parse().context("the lab's address is a connection string")?,
        NoTls,
        ManagerConfig { recycling_method: RecyclingMethod::Fast },
    );
    Ok(deadpool_postgres::Pool::builder(manager).max_size(SESSIONS).build()?)
}

fn checkouts(
    report: &mut Report,
    runtime: &Runtime,
    ours: &Pool,
    split: &Pool,
    theirs: &deadpool_postgres::Pool,
) {
    let our_write = |tasks| {
        time(runtime, tasks, CHECKOUTS, |times| {
            let ours = ours.clone();
            async move {
                for _ in 0..times {
                    drop(ours.write().await.expect("a session is free"));
                }
            }
        })
    };
    let our_read = || {
        time(runtime, 1, CHECKOUTS, |times| {
            let split = split.clone();
            async move {
                for _ in 0..times {
                    drop(split.read().await.expect("a session is free"));
                }
            }
        })
    };
    let their_get = |tasks| {
        time(runtime, tasks, CHECKOUTS, |times| {
            let theirs = theirs.clone();
            async move {
                for _ in 0..times {
                    drop(theirs.get().await.expect("a session is free"));
                }
            }
        })
    };
    report.same_against_same("pool.checkout", PAIRS, || their_get(1));
    report.time_ratio("pool.checkout_vs_deadpool", Aim::AtMost(1.0), PAIRS, || our_write(1), || their_get(1));
    report.time_ratio(
        "pool.checkout_8_tasks_vs_deadpool",
        Aim::AtMost(1.0),
        PAIRS,
        || our_write(8),
        || their_get(8),
    );
    // They have no replicas to choose from: what the choice adds, for reading.
    report.time_ratio("pool.checkout_of_replica_vs_deadpool", Aim::None, PAIRS, our_read, || their_get(1));
}

fn reads(report: &mut Report, runtime: &Runtime, ours: &Pool, theirs: &deadpool_postgres::Pool) {
    let our_reads = |tasks| {
        time(runtime, tasks, READS, |times| {
            let ours = ours.clone();
            async move {
                for id in ids(times) {
                    let reader = ours.read().await.expect("a session is free");
                    let row = reader.query_one(READ, &[&id]).await.expect("the row exists");
                    assert_eq!(row.get::<_, i32>(1), id);
                }
            }
        })
    };
    let their_reads = |tasks| {
        time(runtime, tasks, READS, |times| {
            let theirs = theirs.clone();
            async move {
                for id in ids(times) {
                    let client = theirs.get().await.expect("a session is free");
                    let statement = client.prepare_cached(READ).await.expect("the statement is right");
                    let row = client.query_one(&statement, &[&id]).await.expect("the row exists");
                    assert_eq!(row.get::<_, i32>(1), id);
                }
            }
        })
    };
    report.same_against_same("pool.read_throughput", PAIRS, || their_reads(8));
    for (name, tasks) in [
        ("pool.read_throughput_1_task_vs_deadpool", 1),
        ("pool.read_throughput_2_tasks_vs_deadpool", 2),
        ("pool.read_throughput_4_tasks_vs_deadpool", 4),
        ("pool.read_throughput_vs_deadpool", 8),
    ] {
        let (ours, theirs) = (|| our_reads(tasks), || their_reads(tasks));
        report.throughput_ratio(name, Aim::AtLeast(1.0), PAIRS, ours, theirs);
    }
}

fn ids(times: usize) -> impl Iterator<Item = i32> {
    (1..=ROWS).cycle().take(times)
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
