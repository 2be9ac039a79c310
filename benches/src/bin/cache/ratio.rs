//! Hit ratios on the same accesses: what a cache keeps when it cannot keep all.
//!
//! Keys and accesses have fixed seeds. How a cache spreads keys over its shards has none, so each is run a few times.

use crate::subjects::runtime;
use forebay::{cache::Cache, metrics::Meter};
use forebay_benches::{Aim, Report, Summary};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::collections::{BTreeMap, HashMap};

const KEYS: usize = 50_000;
const ROOM: usize = 5_000;
const ACCESSES: usize = 500_000;
const RUNS: usize = 5;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let (flat, steep) = (zipf(0.9), zipf(1.1));
    for (mix, accesses) in [("zipf_09", flat.clone()), ("zipf_11", steep), ("scans", scanned(&flat))] {
        let runs = |subject: fn(&[u64]) -> anyhow::Result<f64>| {
            (0..RUNS).map(|_| Ok(subject(&accesses)? * 100.0)).collect::<anyhow::Result<Vec<_>>>()
        };
        let (ours, quick) = (runs(ours)?, runs(quick)?);
        let gaps = quick.iter().zip(&ours).map(|(quick, ours)| quick - ours).collect();
        let name = |what: &str| format!("cache.hit_ratio_{what}_{mix}");
        let gap = name("gap_to_quick_cache");
        report.spread(&gap, Aim::AtMost(0.5), Summary::of(gaps), "points", 0.0);
        for (what, ratios) in
            [("forebay", ours), ("quick_cache", quick), ("moka", runs(moka)?), ("exact_lru", runs(lru)?)]
        {
            report.spread(&name(what), Aim::None, Summary::of(ratios), "%", 0.0);
        }
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
    let mut draw = || {
        let drawn = random.random_range(0.0..sum);
        sums.partition_point(|upto| *upto < drawn) as u64
    };
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
    Ok(share(accesses, |key| {
        let hit = cache.peek(key).is_some();
        if !hit {
            runtime.block_on(cache.insert(key, **key));
        }
        hit
    }))
}

fn quick(accesses: &[u64]) -> anyhow::Result<f64> {
    let cache = quick_cache::sync::Cache::new(ROOM);
    Ok(share(accesses, |key| {
        let hit = cache.get(*key).is_some();
        if !hit {
            cache.insert(**key, **key);
        }
        hit
    }))
}

fn moka(accesses: &[u64]) -> anyhow::Result<f64> {
    let cache = ::moka::sync::Cache::new(ROOM as u64);
    Ok(share(accesses, |key| {
        let hit = cache.get(*key).is_some();
        if !hit {
            cache.insert(**key, **key);
        }
        hit
    }))
}

/// The textbook's: the one that was not used for longest goes.
fn lru(accesses: &[u64]) -> anyhow::Result<f64> {
    let (mut used_at, mut by_use) = (HashMap::new(), BTreeMap::new());
    let mut now = 0_u64;
    Ok(share(accesses, |key| {
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
    }))
}
