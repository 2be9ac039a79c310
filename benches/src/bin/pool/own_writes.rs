//! Reads behind writes, over standbys that lag: 200,000 of them in at most 100 s, or as many as `FOREBAY_BENCH_READS` says in
//! as much time as they take.
//!
//! One standby applies commits late, the other stands still again and again. Each request writes and reads what it wrote, at once
//! and a little later; every other one does so outside of any scope, with the position of its commit.

use anyhow::{Context as _, Result, ensure};
use forebay::scope::Scope;
use forebay_benches::{Aim, Report};
use forebay_pool::{Freshness, Pool, PoolConfig, Role};
use forebay_tests::{Postgres, PostgresSpec};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const READS: u64 = 200_000;
/// Whatever was read by then has to do, unless a number was asked for.
const TIME_MAX: Duration = Duration::from_secs(100);
const PROGRESS: Duration = Duration::from_secs(20);
/// Requests under way, each with a row of its own.
const TASKS: i32 = 64;
const SESSIONS: usize = 16;
/// Reads of one request.
const READS_EACH: u64 = 4;
/// One of so many requests also reads without asking for its write.
const CARELESS: i32 = 16;
/// How late the first standby applies a commit.
const DELAY: &str = "20ms";
/// How long the second one stands still, and goes on.
const STILL: Duration = Duration::from_millis(20);
const MOVING: Duration = Duration::from_millis(60);

const UPSERT: &str = "INSERT INTO own VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET v = $2";
const READ: &str = "SELECT v FROM own WHERE id = $1";

/// What was counted.
#[derive(Default)]
struct Counts {
    reads: AtomicU64,
    violations: AtomicU64,
    on_replicas: AtomicU64,
    careless: AtomicU64,
    stale: AtomicU64,
    ended: AtomicBool,
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (asked, within) = match std::env::var("FOREBAY_BENCH_READS") {
        Ok(reads) => (reads.parse().context("FOREBAY_BENCH_READS is a number of reads")?, None),
        Err(_) => (READS, Some(TIME_MAX)),
    };
    let counts = runtime.block_on(measure(report, asked, within))?;
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
    let reads = of(&counts.reads);
    report.value("pool.ryw_violations", Aim::AtMost(0.0), of(&counts.violations), "reads", reads as usize);
    // How many there are in the time is the machine's speed, and no aim.
    report.value("pool.ryw_reads", Aim::None, reads, "reads", 1);
    ensure!(of(&counts.on_replicas) > 0.0, "every read went to the primary, where nothing can be stale");
    let share = of(&counts.on_replicas) / reads;
    report.value("pool.ryw_reads_on_replicas", Aim::None, share, "share", reads as usize);
    // What the same reads find that do not ask for it: the standbys do lag.
    let careless = of(&counts.careless);
    let stale = of(&counts.stale) / careless.max(1.0);
    report.value("pool.ryw_stale_without", Aim::None, stale, "share", careless as usize);
    Ok(())
}

async fn measure(report: &Report, asked: u64, within: Option<Duration>) -> Result<Arc<Counts>> {
    let postgres = Arc::new(Postgres::start(PostgresSpec::with_standbys(2)).await?);
    let config = PoolConfig {
        write_sessions_max: SESSIONS,
        primary_read_sessions_max: SESSIONS,
        replica_sessions_max: SESSIONS,
        ..PoolConfig::from_url(&postgres.primary_url())?.replicas(postgres.standby_urls())?
    };
    let pool = Pool::builder(config).build().await?;
    pool.execute("CREATE TABLE own (id int PRIMARY KEY, v int)", &[]).await?;
    for standby in 0..2 {
        postgres.caught_up(standby).await?;
    }
    let late = plain(&postgres.standby_url(0)).await?;
    late.batch_execute(&format!("ALTER SYSTEM SET recovery_min_apply_delay = '{DELAY}'")).await?;
    late.batch_execute("SELECT pg_reload_conf()").await?;

    let counts = Arc::new(Counts::default());
    let stumbling = tokio::spawn(stumble(plain(&postgres.standby_url(1)).await?, Arc::clone(&counts)));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for id in 0..TASKS {
        let (pool, counts) = (pool.clone(), Arc::clone(&counts));
        tasks.spawn(async move {
            let mut v = 0;
            let is_over = || within.is_some_and(|within| began.elapsed() >= within);
            while counts.reads.load(Ordering::Relaxed) < asked && !is_over() {
                v += 1;
                request(&pool, &counts, id, v).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    let mut progress = tokio::time::interval_at(tokio::time::Instant::now() + PROGRESS, PROGRESS);
    loop {
        tokio::select! {
            task = tasks.join_next() => match task {
                Some(task) => task??,
                None => break,
            },
            _ = progress.tick() => {
                let (reads, bad) = (counts.reads.load(Ordering::Relaxed), counts.violations.load(Ordering::Relaxed));
                report.progress(&format!("{reads} of {asked} reads, {bad} violations"));
            }
        }
    }
    counts.ended.store(true, Ordering::Relaxed);
    stumbling.await??;
    pool.shutdown(Duration::from_secs(5)).await;
    Ok(counts)
}

/// Writes a value and reads it back, several times.
async fn request(pool: &Pool, counts: &Counts, id: i32, v: i32) -> Result<()> {
    if v % 2 == 0 {
        let scope = Scope::new();
        return scope
            .run(async {
                pool.execute(UPSERT, &[&id, &v]).await?;
                read_back(pool, counts, Freshness::default(), id, v).await
            })
            .await;
    }
    let written = pool.transaction(async |tx| tx.execute(UPSERT, &[&id, &v]).await).await?;
    read_back(pool, counts, Freshness::after(written.position), id, v).await
}

async fn read_back(pool: &Pool, counts: &Counts, freshness: Freshness, id: i32, v: i32) -> Result<()> {
    if v % CARELESS == 1 {
        let row = pool.read().await?.query_opt(READ, &[&id]).await?;
        counts.careless.fetch_add(1, Ordering::Relaxed);
        counts.stale.fetch_add(u64::from(row.is_none_or(|row| row.get::<_, i32>(0) != v)), Ordering::Relaxed);
    }
    for _ in 0..READS_EACH {
        let reader = pool.read_with(freshness).await?;
        let found: i32 = reader.query_one(READ, &[&id]).await?.get(0);
        counts.reads.fetch_add(1, Ordering::Relaxed);
        counts.violations.fetch_add(u64::from(found != v), Ordering::Relaxed);
        counts.on_replicas.fetch_add(u64::from(reader.role() == Role::Replica), Ordering::Relaxed);
    }
    Ok(())
}

/// Has a standby stand still again and again, until the reads have ended.
async fn stumble(standby: tokio_postgres::Client, counts: Arc<Counts>) -> Result<()> {
    while !counts.ended.load(Ordering::Relaxed) {
        standby.batch_execute("SELECT pg_wal_replay_pause()").await?;
        tokio::time::sleep(STILL).await;
        standby.batch_execute("SELECT pg_wal_replay_resume()").await?;
        tokio::time::sleep(MOVING).await;
    }
    Ok(())
}

async fn plain(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    // Its errors reach whoever uses the client.
    tokio::spawn(connection);
    Ok(client)
}
