//! What it costs to tell an observer of the cheapest query there is: the processor time that it adds, over the time that the query
//! takes at best. Processor time can be told on a busy machine as well.

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
const BLOCKS: usize = 60;
const QUERIES: usize = 50;

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
    let observer = Arc::new(Everything::default());
    let (mut shares, mut same) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        shares.push(runtime.block_on(sample(&config, Some(Arc::clone(&observer))))?);
        same.push(runtime.block_on(sample(&config, None))?);
    }
    let told = observer.statements.load(Ordering::Relaxed);
    anyhow::ensure!(told as usize >= PAIRS * BLOCKS * QUERIES, "the observer was told of {told} statements");
    let same = Summary::of(same);
    report.spread("pool.observer_aa", Aim::None, same, "share", 0.0);
    let name = "pool.observer_share_of_cheapest_query";
    report.spread(name, Aim::AtMost(0.03), Summary::of(shares), "share", 0.0);
    Ok(())
}

/// What this observer adds to a query, as a share of the query.
async fn sample(config: &PoolConfig, observer: Option<Arc<Everything>>) -> Result<f64> {
    let without = Pool::builder(config.clone()).build().await?;
    let with = Pool::builder(config.clone());
    let with = match observer {
        Some(observer) => with.observer(observer),
        None => with,
    };
    let with = with.build().await?;
    let share = {
        let (ours, bare) = (with.write().await?, without.write().await?);
        block(&ours).await?;
        block(&bare).await?;
        let (mut added, mut best) = (Vec::new(), f64::INFINITY);
        for turn in 0..BLOCKS {
            let (ours, bare) = if turn % 2 == 0 {
                (block(&ours).await?, block(&bare).await?)
            } else {
                let bare = block(&bare).await?;
                (block(&ours).await?, bare)
            };
            added.push(ours.processor - bare.processor);
            best = best.min(bare.elapsed);
        }
        // The middle of the differences: blocks that were interrupted do not count.
        Summary::of(added).median / best
    };
    for pool in [with, without] {
        pool.shutdown(Duration::from_secs(5)).await;
    }
    Ok(share)
}

/// Seconds.
struct Took {
    processor: f64,
    elapsed: f64,
}

async fn block(writer: &Writer) -> Result<Took> {
    let (started, before) = (Instant::now(), processor());
    for _ in 0..QUERIES {
        black_box(writer.query_one("SELECT 1", &[]).await?);
    }
    Ok(Took { processor: processor() - before, elapsed: started.elapsed().as_secs_f64() })
}

/// What this thread has used, in seconds.
fn processor() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}
