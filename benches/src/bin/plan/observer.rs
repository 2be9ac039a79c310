//! What watching costs: the processor time that everything switched on adds to the cheapest query, and the part of the servers' time
//! that asking the planner takes under load.

use anyhow::{Context as _, Result};
use forebay_benches::{Aim, Report, Summary};
use forebay_plan::{Capture, CaptureConfig, ExplainConfig, Explainer, NPlusOneConfig, NPlusOneDetector};
use forebay_pool::{ObservedValues, Pool, PoolConfig, Target, Writer};
use forebay_scope::Scope;
use forebay_tests::TestDatabase;
use rustix::time::{ClockId, clock_gettime};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

const SAMPLES: usize = 15;
/// Blocks of requests by turns, on sessions that are opened anew for each sample.
const BLOCKS: usize = 40;
const REQUESTS: usize = 5;
const QUERIES: usize = 10;
/// How long the load lasts under which the planner is asked.
const LOAD: Duration = Duration::from_secs(6);
/// Statements of the load that are told apart.
const STATEMENTS: usize = 20;

/// What watches a pool.
struct Watched {
    pool: Pool,
    capture: Capture,
    explainer: Explainer,
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    // All of a query's work on this side is on one thread, whose time is told.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_plan").await });
    let (mut shares, mut same) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        shares.push(runtime.block_on(sample(&database, true))?);
        same.push(runtime.block_on(sample(&database, false))?);
    }
    report.spread("plan.observe_aa", Aim::None, Summary::of(same), "share", 0.0);
    let name = "plan.observe_share_of_cheapest_query";
    report.spread(name, Aim::AtMost(0.03), Summary::of(shares), "share", 0.0);
    let share = runtime.block_on(share_of_asking(report, &database))?;
    report.value("plan.explain_share", Aim::AtMost(0.01), share, "share", 1);
    Ok(())
}

async fn bare(database: &TestDatabase, sessions: usize) -> Result<Pool> {
    Ok(Pool::builder(config(database, sessions)?).build().await?)
}

fn config(database: &TestDatabase, sessions: usize) -> Result<PoolConfig> {
    Ok(PoolConfig {
        write_sessions_max: sessions,
        observed_values: ObservedValues::Shown,
        ..PoolConfig::from_url(&database.primary_url())?
    })
}

/// With all that this crate has for a pool.
async fn watched(database: &TestDatabase, sessions: usize, explain: ExplainConfig) -> Result<Watched> {
    let capture = Capture::new(CaptureConfig::default())?;
    let detector = NPlusOneDetector::new(NPlusOneConfig::default());
    let pool = Pool::builder(config(database, sessions)?)
        .observer(Arc::new(capture.clone()))
        .observer(Arc::new(detector))
        .build()
        .await?;
    let target: Target = database.primary_url().parse()?;
    let explainer = Explainer::builder(&capture, target).config(explain).start()?;
    Ok(Watched { pool, capture, explainer })
}

/// What watching adds to a query, as a share of the query; against itself when nobody watches.
async fn sample(database: &TestDatabase, watches: bool) -> Result<f64> {
    let without = bare(database, 1).await?;
    let (with, told) = if watches {
        let watched =
            watched(database, 1, ExplainConfig { enabled: true, ..ExplainConfig::default() }).await?;
        (watched.pool.clone(), Some(watched))
    } else {
        (bare(database, 1).await?, None)
    };
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
    if let Some(told) = told {
        let kept = told.capture.statements();
        let calls = kept.iter().map(|statement| statement.calls).sum::<u64>();
        anyhow::ensure!(calls as usize > BLOCKS * REQUESTS * QUERIES, "{calls} calls were told");
        told.explainer.shutdown().await;
    }
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

/// Some requests, each of some queries.
async fn block(writer: &Writer) -> Result<Took> {
    let (started, before) = (Instant::now(), processor());
    for _ in 0..REQUESTS {
        let request = async {
            for _ in 0..QUERIES {
                black_box(writer.query_one("SELECT 1", &[]).await?);
            }
            anyhow::Ok(())
        };
        Scope::new().run(request).await?;
    }
    Ok(Took { processor: processor() - before, elapsed: started.elapsed().as_secs_f64() })
}

/// What this thread has used, in seconds.
fn processor() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// The time of questions over the time that servers were busy, while slow statements run all the time and are to be asked about as
/// often as may be.
async fn share_of_asking(report: &Report, database: &TestDatabase) -> Result<f64> {
    database
        .execute("CREATE TABLE load AS SELECT i AS id, i % 97 AS kind FROM generate_series(1, 60000) i; ANALYZE load")
        .await;
    let often = ExplainConfig {
        enabled: true,
        interval: Duration::from_millis(50),
        took_min: Duration::from_millis(1),
        again: Duration::from_millis(100),
        again_max: Duration::from_millis(200),
        ..ExplainConfig::default()
    };
    let watched = watched(database, 4, often).await?;
    let began = Instant::now();
    let workers = (0..4).map(|worker| {
        let pool = watched.pool.clone();
        async move {
            let mut number = worker;
            while began.elapsed() < LOAD {
                number = (number + 1) % STATEMENTS;
                let sql = format!("SELECT count(*) AS number_{number} FROM load WHERE kind <> $1");
                pool.write().await?.query_one(&sql, &[&(number as i32)]).await?;
            }
            anyhow::Ok(())
        }
    });
    for done in futures_util::future::join_all(workers).await {
        done.context("the load")?;
    }
    watched.explainer.shutdown().await;
    let status = watched.explainer.status();
    let busy = watched.capture.busy();
    report.progress(&format!(
        "{} plans were given and {} not, in {:?} of {busy:?} that servers were busy",
        status.planned, status.failed, status.spent
    ));
    anyhow::ensure!(status.planned > 0, "the planner was never asked: {status:?}");
    watched.pool.shutdown(Duration::from_secs(5)).await;
    Ok(status.spent.as_secs_f64() / busy.as_secs_f64())
}
