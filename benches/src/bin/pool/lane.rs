//! Reads by key over two shared sessions, beside eight sessions of which each read has one to itself.

use crate::subjects::{SESSIONS, deadpool, time};
use anyhow::{Result, ensure};
use forebay_benches::{Aim, PAIRS, Report};
use forebay_pool::{PipelinedStatus, Pool, PoolConfig};
use std::time::Duration;
use tokio::{runtime::Runtime, task::JoinSet};

/// Reads in one measurement, shared by its tasks.
const READS: usize = 16_000;
/// The same of one task, which waits for each of them.
const READS_ALONE: usize = 4_000;
const ROWS: i32 = 10_000;
const READ: &str = "SELECT id, balance FROM account WHERE id = $1";
/// Sessions that all callers share.
const SHARED: usize = 2;
const PATIENCE: Duration = Duration::from_secs(10);
/// Reads over them in a row after which they are ready: the statement is prepared on each.
const READY: usize = 64;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_lane").await });
    runtime.block_on(database.execute(&format!(
        "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL); \
         INSERT INTO account SELECT id, id FROM generate_series(1, {ROWS}) AS id; ANALYZE account"
    )));
    let theirs = deadpool(&database.primary_url())?;
    let config = PoolConfig {
        primary_read_sessions_max: SESSIONS,
        pipelined_sessions: SHARED,
        // The lane is measured, and not what becomes of a statement that a busy machine made wait: that is read by a guard.
        pipelined_slow: PATIENCE,
        pipelined_timeout: PATIENCE,
        probe_timeout: PATIENCE,
        ..PoolConfig::from_url(&database.primary_url())?
    };
    let ours = runtime.block_on(Pool::builder(config).build())?;
    runtime.block_on(forebay_tests::eventually("the shared sessions are ready", async || {
        let before = ours.status().pipelined.shared;
        let mut all = JoinSet::new();
        for _ in 0..READY {
            let reads = ours.pipelined();
            all.spawn(async move { reads.query(READ, &[&1]).await.is_ok() });
        }
        let answered = all.join_all().await.into_iter().all(|is_answered| is_answered);
        let sessions = &ours.status().servers[0].sessions;
        let shared = sessions.iter().find(|sessions| sessions.kind == "pipelined");
        let over_them = ours.status().pipelined.shared - before == READY as u64;
        answered && over_them && shared.is_some_and(|shared| shared.busy == SHARED)
    }));

    let before = ours.status().pipelined;
    compare(report, &runtime, &ours, &theirs);
    let after = ours.status().pipelined;
    let all = |of: PipelinedStatus| of.shared + of.not_read + of.no_room + of.slow + of.held_up + of.failed;
    let (shared, all) = (after.shared - before.shared, all(after) - all(before));
    let share = shared as f64 / all as f64;
    ensure!(share >= 0.99, "what was measured is not what was to be: {before:?}, then {after:?}");
    report.value("pool.lane_shared_share", Aim::None, share, "of reads", all as usize);
    runtime.block_on(async {
        theirs.close();
        ours.shutdown(Duration::from_secs(5)).await;
    });
    Ok(())
}

fn compare(report: &mut Report, runtime: &Runtime, ours: &Pool, theirs: &deadpool_postgres::Pool) {
    let reads = |tasks| if tasks == 1 { READS_ALONE } else { READS };
    let our_reads = |tasks| {
        time(runtime, tasks, reads(tasks), |times| {
            let reads = ours.pipelined();
            async move {
                for id in ids(times) {
                    let row = reads.query_one(READ, &[&id]).await.expect("the row exists");
                    assert_eq!(row.get::<_, i32>(1), id);
                }
            }
        })
    };
    let their_reads = |tasks| {
        time(runtime, tasks, reads(tasks), |times| {
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
    report.same_against_same("pool.lane_throughput", PAIRS, || their_reads(32));
    for (name, aim, tasks) in [
        // Alone there is nobody to share with: for reading.
        ("pool.lane_throughput_1_task_vs_deadpool", Aim::None, 1),
        ("pool.lane_throughput_8_tasks_vs_deadpool", Aim::None, 8),
        ("pool.lane_throughput_vs_deadpool", Aim::AtLeast(1.4), 32),
        ("pool.lane_throughput_128_tasks_vs_deadpool", Aim::None, 128),
    ] {
        let (ours, theirs) = (|| our_reads(tasks), || their_reads(tasks));
        report.throughput_ratio(name, aim, PAIRS, ours, theirs);
    }
}

fn ids(times: usize) -> impl Iterator<Item = i32> {
    (1..=ROWS).cycle().take(times)
}
