//! `#[cached]` beside the attributes of that name of the crates `cached` and `hitbox`, on async functions.
//!
//! Ours and the one of `cached` return an `Arc`. hitbox has no look-up but through a cached function or a tower layer, and its
//! memory backend keeps bytes: every hit decodes a value of its own, here from the fastest format it comes with.

use crate::subjects::{Row, TTL, Walk, meter, not_loaded, runtime, shuffled, timed};
use forebay::cache::Cache;
use forebay_benches::{Aim, PAIRS, Report};
use hitbox::policy::PolicyConfig;
use hitbox_backend::format::BincodeFormat;
use hitbox_fn::CacheableResponse;
use hitbox_moka::MokaBackend;
use serde::{Deserialize, Serialize};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const ENTRIES: u64 = 100_000;

/// Set once every key is cached by all.
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

#[cached::macros::concurrent_cached(max_size = 200_000, ttl_secs = 3600)]
async fn theirs_in_shards(id: u64) -> Arc<Row> {
    row(id)
}

#[derive(Clone, Serialize, Deserialize, CacheableResponse)]
struct HitboxRow {
    numbers: Row,
}

#[hitbox_fn::cached]
async fn hitbox_row(id: u64) -> HitboxRow {
    HitboxRow { numbers: *row(id) }
}

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let (runtime, order) = (runtime()?, shuffled(ENTRIES));
    let room = usize::try_from(ENTRIES * 2)?;
    let rows: Cache<u64, Row> = Cache::builder("rows").capacity(room).ttl(TTL).meter(&meter()?).build()?;
    let hitbox = hitbox_fn::Cache::builder()
        .backend(MokaBackend::builder().max_entries(ENTRIES * 2).value_format(BincodeFormat).build())
        .policy(PolicyConfig::builder().ttl(TTL).build())
        .build();
    runtime.block_on(async {
        for id in 0..ENTRIES {
            ours(&rows, id).await;
            theirs(id).await;
            theirs_in_shards(id).await;
            hitbox_row(id).cache(&hitbox).await;
        }
        hitbox.backend().cache().run_pending_tasks().await;
    });
    WARM.store(true, Ordering::Relaxed);

    let walk = Walk::over(&order);
    let us = || {
        timed(walk, |walk| {
            runtime.block_on(walk.each_awaited(async |id| drop(black_box(ours(&rows, *id).await))));
        })
    };
    report.same_against_same("cache.macro_hit", PAIRS, us);
    let them = || {
        timed(walk, |walk| {
            runtime.block_on(walk.each_awaited(async |id| drop(black_box(theirs(*id).await))));
        })
    };
    report.time_ratio("cache.macro_hit_vs_cached_macro", Aim::AtMost(0.7), PAIRS, us, them);
    let them = || {
        timed(walk, |walk| {
            runtime.block_on(walk.each_awaited(async |id| drop(black_box(theirs_in_shards(*id).await))));
        })
    };
    report.time_ratio("cache.macro_hit_vs_concurrent_cached_macro", Aim::AtMost(0.7), PAIRS, us, them);
    let them = || {
        timed(walk, |walk| {
            runtime.block_on(walk.each_awaited(async |id| {
                black_box(hitbox_row(*id).cache(&hitbox).await);
            }));
        })
    };
    report.time_ratio("cache.macro_hit_vs_hitbox", Aim::None, PAIRS, us, them);
    Ok(())
}
