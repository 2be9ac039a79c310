//! What an entry takes: in memory beside quick_cache, and in a remote tier.

use crate::subjects::{Row, TTL, runtime};
use anyhow::Context as _;
use bytes::Bytes;
use forebay::{
    cache::{
        Cache, Fingerprint, Stamp,
        envelope::{Entry, Limits},
    },
    metrics::Meter,
};
use forebay_benches::{Aim, Report};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const ENTRIES: u64 = 100_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let (runtime, room) = (runtime()?, usize::try_from(ENTRIES)?);
    let (ours, _cache) = held(|| {
        let cache: Cache<u64, Row> =
            Cache::builder("rows").capacity(room).ttl(TTL).meter(&Meter::disabled()).build()?;
        for key in 0..ENTRIES {
            runtime.block_on(cache.insert(&key, [key; 16]));
        }
        anyhow::Ok((cache.len(), cache))
    })?;
    let (quick, _cache) = held(|| {
        let cache = quick_cache::sync::Cache::new(room);
        for key in 0..ENTRIES {
            cache.insert(key, Arc::new([key; 16]));
        }
        anyhow::Ok((cache.len(), cache))
    })?;
    report.value("cache.memory_per_entry", Aim::None, ours, "bytes", room);
    report.value("cache.memory_per_entry_quick_cache", Aim::None, quick, "bytes", room);
    compressed(report)
}

/// What is allocated for each entry of a full cache, the room made when it is built included; and the cache, kept.
fn held<C>(full: impl FnOnce() -> anyhow::Result<(usize, C)>) -> anyhow::Result<(f64, C)> {
    let mut made = None;
    let allocated = allocation_counter::measure(|| made = Some(full()));
    let (entries, cache) = made.context("it ran")??;
    Ok((allocated.bytes_current as f64 / entries as f64, cache))
}

fn compressed(report: &mut Report) -> anyhow::Result<()> {
    let payments: Vec<_> = (0..100)
        .map(|id| {
            json!({ "id": id, "account": format!("FR76-{:08}", id * 7919), "amount": f64::from(id) * 13.7,
                    "currency": "EUR", "status": if id % 7 == 0 { "pending" } else { "settled" },
                    "reference": format!("invoice {} of order {}", id * 31, id * 17) })
        })
        .collect();
    let payload = Bytes::from(serde_json::to_vec(&payments)?);
    let plain = payload.len();
    let entry = Entry {
        stamp: Stamp { epoch: 1, number: 1 },
        fingerprint: Fingerprint::of("payments", 1),
        age: Duration::ZERO,
        ttl: Some(TTL),
        stale: None,
        fallback: None,
        keep: Some(TTL),
        load: Duration::ZERO,
        tags: Vec::new(),
        payload,
    };
    let encoded = entry.encode(b"payments", &Limits::default()).ok().context("it is small")?;
    let ratio = encoded.len() as f64 / plain as f64;
    report.value("cache.bytes_ratio_compressed", Aim::AtMost(0.4), ratio, "ratio", plain);
    Ok(())
}
