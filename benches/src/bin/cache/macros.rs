//! `#[cached]` beside the attribute of the same name of the `cached` crate, on async functions that return an `Arc`.

use crate::subjects::{Row, TTL, not_loaded, runtime, shuffled};
use forebay::{cache::Cache, metrics::Meter};
use forebay_benches::{Aim, PAIRS, Report};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

const ENTRIES: u64 = 100_000;

/// Set once every key is cached by both.
static WARM: AtomicBool = AtomicBool::new(false);

fn row(id: u64) -> Arc<Row> {
    if WARM.load(Ordering::Relaxed) { not_loaded(id) } else { Arc::new([id; 16]) }
}

#[forebay::cached(cache = rows, key = id)]
async fn ours(rows: &Cache<u64, Row>, id: u64) -> Arc<Row> {
    row(id)
}

#[cached::macros::cached(max_size = 200_000, ttl_secs = 3600)]
async fn theirs(id: u64) -> Arc<Row> {
    row(id)
}

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let (runtime, order) = (runtime()?, shuffled(ENTRIES));
    let room = usize::try_from(ENTRIES * 2)?;
    let rows: Cache<u64, Row> =
        Cache::builder("rows").capacity(room).ttl(TTL).meter(&Meter::disabled()).build()?;
    runtime.block_on(async {
        for id in 0..ENTRIES {
            ours(&rows, id).await;
            theirs(id).await;
        }
    });
    WARM.store(true, Ordering::Relaxed);
    let us = || {
        runtime.block_on(async {
            let began = Instant::now();
            for id in &order {
                black_box(ours(&rows, *id).await);
            }
            began.elapsed()
        })
    };
    let them = || {
        runtime.block_on(async {
            let began = Instant::now();
            for id in &order {
                black_box(theirs(*id).await);
            }
            began.elapsed()
        })
    };
    report.time_ratio("cache.macro_hit_vs_cached_macro", Aim::AtMost(0.7), PAIRS, us, them);
    Ok(())
}
