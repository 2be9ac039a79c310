//! Hit ratios on the same accesses: what a cache keeps when it cannot keep all.

use crate::subjects::runtime;
use forebay::{cache::Cache, metrics::Meter};
use forebay_benches::{Aim, Report};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::collections::{BTreeMap, HashMap};

const KEYS: usize = 50_000;
const ROOM: usize = 5_000;
const ACCESSES: usize = 500_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let (flat, steep) = (zipf(0.9), zipf(1.1));
    for (name, accesses) in [("zipf_09", flat.clone()), ("zipf_11", steep), ("scans", scanned(&flat))] {
        let ours = ours(&accesses)?;
        let quick = quick(&accesses);
        let gap = (quick - ours) * 100.0;
        let name = |what: &str| format!("cache.hit_ratio_{what}_{name}");
        let count = accesses.len();
        report.value(&name("gap_to_quick_cache"), Aim::AtMost(0.5), gap, "points", count);
        report.value(&name("forebay"), Aim::None, ours * 100.0, "%", count);
        report.value(&name("quick_cache"), Aim::None, quick * 100.0, "%", count);
        report.value(&name("moka"), Aim::None, moka(&accesses) * 100.0, "%", count);
        report.value(&name("exact_lru"), Aim::None, lru(&accesses) * 100.0, "%", count);
    }
    Ok(())
}

fn zipf(skew: f64) -> Vec<u64> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=KEYS)
        .map(|rank| {
            sum += (rank as f64).powf(-skew);
            sum
        })
        .collect();
    let mut random = StdRng::seed_from_u64(11);
    let mut draw = || sums.partition_point(|upto| *upto < random.random_range(0.0..sum)) as u64;
    (0..ACCESSES).map(|_| draw()).collect()
}

/// With a scan over keys nobody asks for again, as long as the cache is large, after every twenty times its room.
fn scanned(accesses: &[u64]) -> Vec<u64> {
    let mut fresh = KEYS as u64..;
    accesses
        .chunks(ROOM * 20)
        .flat_map(|chunk| chunk.iter().copied().chain(fresh.by_ref().take(ROOM)).collect::<Vec<_>>())
        .collect()
}

fn share(accesses: &[u64], hits: impl FnMut(&&u64) -> bool) -> f64 {
    accesses.iter().filter(hits).count() as f64 / accesses.len() as f64
}

fn ours(accesses: &[u64]) -> anyhow::Result<f64> {
    let runtime = runtime()?;
    let cache: Cache<u64, u64> = Cache::builder("ratio").capacity(ROOM).meter(&Meter::disabled()).build()?;
    let share = share(accesses, |key| {
        let hit = cache.peek(key).is_some();
        if !hit {
            runtime.block_on(cache.insert(key, **key));
        }
        hit
    });
    Ok(share)
}

fn quick(accesses: &[u64]) -> f64 {
    let cache = quick_cache::sync::Cache::new(ROOM);
    share(accesses, |key| {
        let hit = cache.get(*key).is_some();
        if !hit {
            cache.insert(**key, **key);
        }
        hit
    })
}

fn moka(accesses: &[u64]) -> f64 {
    let cache = ::moka::sync::Cache::new(ROOM as u64);
    share(accesses, |key| {
        let hit = cache.get(*key).is_some();
        if !hit {
            cache.insert(**key, **key);
        }
        hit
    })
}

/// The textbook's: the one that was not used for longest goes.
fn lru(accesses: &[u64]) -> f64 {
    let (mut used_at, mut by_use) = (HashMap::new(), BTreeMap::new());
    let mut now = 0_u64;
    share(accesses, |key| {
        now += 1;
        let before = used_at.insert(**key, now);
        if let Some(before) = before {
            by_use.remove(&before);
        }
        by_use.insert(now, **key);
        if used_at.len() > ROOM
            && let Some((_, oldest)) = by_use.pop_first()
        {
            used_at.remove(&oldest);
        }
        before.is_some()
    })
}
