//! Many rows in one call: `COPY` beside single inserts, and where it begins to beat arrays in one statement.

use anyhow::Result;
use forebay_benches::{Aim, PAIRS, Report, Summary};
use forebay_pool::{Bulk, Pool, PoolConfig};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Rows written by one measurement beside single inserts.
const ROWS: i64 = 1_000;
/// Sizes at which the two ways are compared.
const SIZES: [i64; 8] = [1, 10, 100, 300, 1_000, 3_000, 10_000, 30_000];
/// Most calls of each way in one round, by turns. The fastest of them tells: a call is short enough that some are not
/// interrupted.
const CALLS_MAX: i64 = 40;
/// And fewest, of large sizes: they take longer, and writing them again and again measures checkpoints.
const CALLS_MIN: i64 = 6;
/// Rows of each way in one round, as far as that leaves the number of calls within its bounds.
const ROWS_EACH: i64 = 60_000;
const ROUNDS: usize = 5;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let database = runtime.block_on(async { forebay_tests::shared().await.database("bench_bulk").await });
    runtime.block_on(database.execute("CREATE TABLE item (id bigint, name text, price int)"));
    let pool = |rows_min| {
        let config =
            PoolConfig { bulk_copy_rows_min: rows_min, ..PoolConfig::from_url(&database.primary_url())? };
        runtime.block_on(Pool::builder(config).build())
    };
    let (copying, sending) = (pool(1)?, pool(usize::MAX)?);
    report.throughput_ratio(
        "pool.bulk_copy_rows_per_s_vs_single_inserts",
        Aim::AtLeast(10.0),
        PAIRS,
        || at_once(&runtime, &copying),
        || one_by_one(&runtime, &copying),
    );
    let mut crossover = None;
    for size in SIZES {
        let ratios = (0..ROUNDS).map(|_| runtime.block_on(fastest(&copying, &sending, size)));
        let ratios = Summary::of(ratios.collect::<Result<_>>()?);
        report.spread(&format!("pool.bulk_copy_of_{size}_rows_vs_arrays"), Aim::None, ratios, "ratio", 0.0);
        if ratios.median < 1.0 {
            crossover = crossover.or(Some(size));
        } else {
            crossover = None;
        }
    }
    // The smallest of the sizes from which on copying is faster.
    let at = crossover.map_or(f64::INFINITY, |size| size as f64);
    report.value("pool.bulk_crossover_rows", Aim::None, at, "rows", ROUNDS);
    Ok(())
}

fn rows(count: i64) -> Vec<(i64, String, i32)> {
    (0..count).map(|id| (id, format!("item {id}"), 7)).collect()
}

/// The time of the fastest `COPY` of so many rows over that of the fastest statement with arrays.
async fn fastest(copying: &Pool, sending: &Pool, size: i64) -> Result<f64> {
    let (copying, sending) = (copying.write().await?, sending.write().await?);
    copying.batch_execute("TRUNCATE item").await?;
    let rows = rows(size);
    let mut best = [f64::INFINITY; 2];
    let writers = [&copying, &sending];
    for call in 0..(ROWS_EACH / size).clamp(CALLS_MIN, CALLS_MAX) {
        // Neither always comes second.
        for way in if call % 2 == 0 { [0, 1] } else { [1, 0] } {
            let started = Instant::now();
            writers[way].insert_many(&item(), &rows).await?;
            best[way] = started.elapsed().as_secs_f64().min(best[way]);
        }
    }
    Ok(best[0] / best[1])
}

fn item() -> Bulk {
    Bulk::into("item").columns(["id", "name", "price"])
}

/// The time of one call with [`ROWS`] rows.
fn at_once(runtime: &Runtime, pool: &Pool) -> Duration {
    let rows = rows(ROWS);
    runtime.block_on(async {
        let writer = pool.write().await.expect("a session is free");
        writer.batch_execute("TRUNCATE item").await.expect("the table exists");
        let started = Instant::now();
        writer.insert_many(&item(), &rows).await.expect("the rows are right");
        started.elapsed()
    })
}

/// The time of [`ROWS`] statements in one transaction, prepared once.
fn one_by_one(runtime: &Runtime, pool: &Pool) -> Duration {
    let rows = rows(ROWS);
    runtime.block_on(async {
        let tx = pool.begin().await.expect("a session is free");
        tx.batch_execute("TRUNCATE item").await.expect("the table exists");
        let started = Instant::now();
        for (id, name, price) in &rows {
            tx.execute("INSERT INTO item VALUES ($1, $2, $3)", &[id, name, price]).await.expect("a good row");
        }
        tx.commit().await.expect("nothing failed");
        started.elapsed()
    })
}
