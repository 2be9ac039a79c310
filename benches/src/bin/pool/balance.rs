//! One replica of ten on a bad day: what it draws when it answers errors faster than the others answer, and what the others'
//! readers notice when it is slow. Replicas stand in front of the lab's standbys; their times are set by timers.

use crate::staged::{Conduct, STAGED, Staged};
use anyhow::Result;
use forebay_benches::{Aim, Report, Summary};
use forebay_pool::{Pool, PoolConfig};
use std::time::{Duration, Instant};
use tokio::{runtime::Runtime, task::JoinSet};

const REPLICAS: usize = 10;
const TASKS: usize = 24;
/// Sessions on each replica.
const SESSIONS: usize = 8;
const ROUNDS: usize = 5;
/// Before a round, with everybody well.
const WARM: Duration = Duration::from_secs(1);
/// A round begins when the replica falls ill.
const ROUND: Duration = Duration::from_secs(4);

const WELL: Conduct = Conduct { after: Duration::from_millis(10), fails: false };
const FAILING: Conduct = Conduct { after: Duration::from_millis(2), fails: true };
const SLOW: Conduct = Conduct { after: Duration::from_millis(100), fails: false };

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // The replicas do not wait for the pool's tasks.
    let stage = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_balance").await });
    let standbys = database.replica_urls();
    let fleet: Vec<Staged> = stage.block_on(async {
        let mut fleet = Vec::new();
        for url in standbys.iter().cycle().take(REPLICAS) {
            fleet.push(Staged::start(url, WELL).await?);
        }
        Ok::<_, anyhow::Error>(fleet)
    })?;
    let config =
        PoolConfig { replica_sessions_max: SESSIONS, ..PoolConfig::from_url(&database.primary_url())? };
    let config = config.replicas(fleet.iter().map(Staged::url))?;
    let round = |conduct| round(&runtime, &config, &fleet[0], conduct);

    let mut shares = [Vec::new(), Vec::new()];
    let mut slowdowns = Vec::new();
    for _ in 0..ROUNDS {
        let (well, failing, slow) = (round(WELL)?, round(FAILING)?, round(SLOW)?);
        shares[0].push(well.share);
        shares[1].push(failing.share);
        slowdowns.push(slow.p99 / well.p99);
    }
    let [well, failing] = shares.map(Summary::of);
    report.spread("pool.fail_fast_share", Aim::AtMost(0.01), failing, "share", 0.0);
    report.spread("pool.fail_fast_share_while_well", Aim::None, well, "share", 0.0);
    let slowdowns = Summary::of(slowdowns);
    report.spread("pool.slow_replica_p99_vs_healthy", Aim::AtMost(1.5), slowdowns, "ratio", 0.0);
    Ok(())
}

/// What readers saw in one round.
struct Seen {
    /// The first replica's share of the reads.
    share: f64,
    /// Seconds, of reads that were answered.
    p99: f64,
}

fn round(runtime: &Runtime, config: &PoolConfig, first: &Staged, conduct: Conduct) -> Result<Seen> {
    runtime.block_on(async {
        let pool = Pool::builder(config.clone()).build().await?;
        read(&pool, WARM).await?;
        first.behaves(conduct);
        let reads = read(&pool, ROUND).await;
        first.behaves(WELL);
        pool.shutdown(Duration::from_secs(5)).await;
        let (name, reads) = (place_of(first), reads?);
        let drawn = reads.iter().filter(|read| read.endpoint == name).count();
        let mut times: Vec<f64> = reads.iter().filter_map(|read| read.answered_in).collect();
        times.sort_by(f64::total_cmp);
        let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or(f64::INFINITY);
        Ok(Seen { share: drawn as f64 / reads.len() as f64, p99 })
    })
}

/// One read: where, and how long it took, the wait for a session included.
struct Read {
    endpoint: String,
    answered_in: Option<f64>,
}

/// Readers that each ask again when they have their answer, for as long as this.
async fn read(pool: &Pool, time: Duration) -> Result<Vec<Read>> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let pool = pool.clone();
        tasks.spawn(async move {
            let sql = format!("SELECT 7 AS {STAGED}");
            let mut reads = Vec::new();
            while Instant::now() < end {
                let asked = Instant::now();
                let reader = pool.read().await?;
                let answer = reader.query_one(&sql, &[]).await;
                let answered_in = answer.is_ok().then(|| asked.elapsed().as_secs_f64());
                reads.push(Read { endpoint: reader.endpoint().to_owned(), answered_in });
            }
            Ok::<_, forebay_pool::PoolError>(reads)
        });
    }
    let mut reads = Vec::new();
    while let Some(done) = tasks.join_next().await {
        reads.extend(done??);
    }
    Ok(reads)
}

/// `host:port`.
fn place_of(replica: &Staged) -> &str {
    let rest = replica.url().rsplit_once('@').map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
