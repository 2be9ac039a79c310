//! What it costs to tell an observer of the cheapest query there is: the processor time that it adds, over the time that the query
//! takes at best. What it adds is a hundredth of what a query over a socket varies by, so it is measured where the server
//! answers from memory; the time of the query is that of a real one.

use crate::replayed::Replayed;
use anyhow::Result;
use forebay_benches::{Aim, PAIRS, Report, Summary};
use forebay_pool::{Outcome, Pool, PoolConfig, QueryEvent, QueryObserver, Writer};
use rustix::time::{ClockId, clock_gettime};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Blocks of queries by turns, on sessions that are opened anew for each sample.
const BLOCKS: usize = 200;
const QUERIES: usize = 50;
/// Blocks of queries to the real server, of which the fastest counts.
const REAL_BLOCKS: usize = 100;

/// Takes all that it is told, as one that groups statements by their fingerprint does.
#[derive(Default)]
struct Everything {
    statements: AtomicU64,
    rows: AtomicU64,
    nanoseconds: AtomicU64,
}

impl QueryObserver for Everything {
    fn observe(&self, event: &QueryEvent<'_>) {
        black_box((
            event.fingerprint(),
            event.endpoint,
            event.role,
            event.place,
            event.params.len(),
            event.sql_state,
        ));
        self.statements.fetch_add(u64::from(event.outcome == Outcome::Done), Ordering::Relaxed);
        self.rows.fetch_add(event.rows, Ordering::Relaxed);
        let time = event.wait + event.round_trip + event.fetch;
        self.nanoseconds.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    // All of a query's work on this side is on one thread, whose time is told.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_observer").await });
    let config = PoolConfig { write_sessions_max: 1, ..PoolConfig::from_url(&database.primary_url())? };
    let cheapest = runtime.block_on(cheapest(&config))?;
    let observer = Arc::new(Everything::default());
    let (mut shares, mut same) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        shares.push(runtime.block_on(added(&config, Some(Arc::clone(&observer))))? / cheapest);
        same.push(runtime.block_on(added(&config, None))? / cheapest);
    }
    let told = observer.statements.load(Ordering::Relaxed);
    anyhow::ensure!(told as usize >= PAIRS * BLOCKS * QUERIES, "the observer was told of {told} statements");
    let same = Summary::of(same);
    report.spread("pool.observer_aa", Aim::None, same, "share", 0.0);
    let name = "pool.observer_share_of_cheapest_query";
    report.spread(name, Aim::AtMost(0.03), Summary::of(shares), "share", 0.0);
    Ok(())
}

/// Seconds of the fastest query to a real server, on the average of a block.
async fn cheapest(config: &PoolConfig) -> Result<f64> {
    let pool = Pool::builder(config.clone()).build().await?;
    let mut best = f64::INFINITY;
    {
        let writer = pool.write().await?;
        for _ in 0..REAL_BLOCKS {
            let started = Instant::now();
            queries(&writer).await?;
            best = best.min(started.elapsed().as_secs_f64() / QUERIES as f64);
        }
    }
    pool.shutdown(Duration::from_secs(5)).await;
    Ok(best)
}

/// Seconds of processor time that this observer adds to a query.
async fn added(config: &PoolConfig, observer: Option<Arc<Everything>>) -> Result<f64> {
    let without = Pool::builder(config.clone()).connect(Replayed).build().await?;
    let with = Pool::builder(config.clone()).connect(Replayed);
    let with = match observer {
        Some(observer) => with.observer(observer),
        None => with,
    };
    let with = with.build().await?;
    let mut added = Vec::new();
    {
        let (ours, bare) = (with.write().await?, without.write().await?);
        block(&ours).await?;
        block(&bare).await?;
        for turn in 0..BLOCKS {
            let (ours, bare) = if turn % 2 == 0 {
                (block(&ours).await?, block(&bare).await?)
            } else {
                let bare = block(&bare).await?;
                (block(&ours).await?, bare)
            };
            added.push(ours - bare);
        }
    }
    for pool in [with, without] {
        pool.shutdown(Duration::from_secs(5)).await;
    }
    // The middle of the differences: blocks that were interrupted do not count.
    Ok(Summary::of(added).median)
}

/// Seconds of processor time per query of a block.
async fn block(writer: &Writer) -> Result<f64> {
    let before = processor();
    queries(writer).await?;
    Ok((processor() - before) / QUERIES as f64)
}

async fn queries(writer: &Writer) -> Result<()> {
    for _ in 0..QUERIES {
        black_box(writer.query_one("SELECT 1", &[]).await?);
    }
    Ok(())
}

/// What this thread has used, in seconds.
fn processor() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}
