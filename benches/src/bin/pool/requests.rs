//! The cost of a checkout, and prepared reads through it.

use crate::subjects::{SESSIONS, Split, Subject, bb8, deadpool, sqlx, time};
use anyhow::Result;
use forebay_benches::{Aim, PAIRS, Report};
use forebay_pool::{Pool, PoolConfig};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Checkouts in one measurement.
const CHECKOUTS: usize = 50_000;
/// Of a peer that asks the server whenever a session comes back.
const CHECKOUTS_WITH_ROUND_TRIP: usize = 2_000;
/// Reads in one measurement, shared by its tasks.
const READS: usize = 4_000;
const ROWS: i32 = 10_000;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_pool").await });
    runtime.block_on(database.execute(&format!(
        "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL); \
         INSERT INTO account SELECT id, id FROM generate_series(1, {ROWS}) AS id; ANALYZE account"
    )));
    let url = database.primary_url();
    let config = PoolConfig {
        write_sessions_max: SESSIONS,
        primary_read_sessions_max: SESSIONS,
        replica_sessions_max: SESSIONS,
        ..PoolConfig::from_url(&url)?
    };
    let split = config.clone().replicas(database.replica_urls())?;
    let ours = runtime.block_on(Pool::builder(config).build())?;
    let split = Split(runtime.block_on(Pool::builder(split).build())?);
    let deadpool = deadpool(&url)?;
    let bb8 = runtime.block_on(bb8(&url))?;
    let sqlx = runtime.block_on(sqlx(&url))?;

    let bench = Bench { runtime: &runtime, ours: &ours };
    report.same_against_same("pool.checkout", PAIRS, || checkouts(&runtime, &deadpool, 1, CHECKOUTS));
    for (tasks, name) in [(1, "pool.checkout"), (8, "pool.checkout_8_tasks")] {
        bench.checkouts(report, &format!("{name}_vs_deadpool"), &deadpool, tasks, CHECKOUTS);
        bench.checkouts(report, &format!("{name}_vs_bb8"), &bb8, tasks, CHECKOUTS);
        bench.checkouts(report, &format!("{name}_vs_sqlx"), &sqlx, tasks, CHECKOUTS_WITH_ROUND_TRIP);
    }
    // They have no replicas to choose from: what the choice adds, for reading.
    let (ours, theirs) =
        (|| checkouts(&runtime, &split, 1, CHECKOUTS), || checkouts(&runtime, &deadpool, 1, CHECKOUTS));
    report.time_ratio("pool.checkout_of_replica_vs_deadpool", Aim::None, PAIRS, ours, theirs);

    report.same_against_same("pool.read_throughput", PAIRS, || reads(&runtime, &deadpool, 8));
    for (name, tasks) in [
        ("pool.read_throughput_1_task_vs_deadpool", 1),
        ("pool.read_throughput_2_tasks_vs_deadpool", 2),
        ("pool.read_throughput_4_tasks_vs_deadpool", 4),
        ("pool.read_throughput_vs_deadpool", 8),
    ] {
        bench.reads(report, name, &deadpool, tasks);
    }
    bench.reads(report, "pool.read_throughput_vs_bb8", &bb8, 8);
    bench.reads(report, "pool.read_throughput_vs_sqlx", &sqlx, 8);
    runtime.block_on(async {
        deadpool.close();
        sqlx.close().await;
        bench.ours.shutdown(Duration::from_secs(5)).await;
        split.0.shutdown(Duration::from_secs(5)).await;
    });
    Ok(())
}

/// Our pool beside one peer after the other.
struct Bench<'a> {
    runtime: &'a Runtime,
    ours: &'a Pool,
}

impl Bench<'_> {
    fn checkouts(&self, report: &mut Report, name: &str, peer: &impl Subject, tasks: usize, times: usize) {
        let ours = || checkouts(self.runtime, self.ours, tasks, times);
        let theirs = || checkouts(self.runtime, peer, tasks, times);
        report.time_ratio(name, Aim::AtMost(1.0), PAIRS, ours, theirs);
    }

    fn reads(&self, report: &mut Report, name: &str, peer: &impl Subject, tasks: usize) {
        let ours = || reads(self.runtime, self.ours, tasks);
        report.throughput_ratio(name, Aim::AtLeast(1.0), PAIRS, ours, || reads(self.runtime, peer, tasks));
    }
}

fn checkouts(runtime: &Runtime, subject: &impl Subject, tasks: usize, times: usize) -> Duration {
    time(runtime, tasks, times, |times| {
        let subject = subject.clone();
        async move {
            for _ in 0..times {
                subject.checkout().await;
            }
        }
    })
}

fn reads(runtime: &Runtime, subject: &impl Subject, tasks: usize) -> Duration {
    time(runtime, tasks, READS, |times| {
        let subject = subject.clone();
        async move {
            for id in (1..=ROWS).cycle().take(times) {
                assert_eq!(Subject::read(&subject, id).await, id);
            }
        }
    })
}
