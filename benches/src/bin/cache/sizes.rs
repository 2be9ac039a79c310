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
    let runtime = runtime()?;
    let room = usize::try_from(ENTRIES)?;
    let ours: Cache<u64, Row> =
        Cache::builder("rows").capacity(room * 2).ttl(TTL).meter(&Meter::disabled()).build()?;
    let us = held(|| {
        runtime.block_on(async {
            for key in 0..ENTRIES {
                ours.insert(&key, [key; 16]).await;
            }
        });
    });
    let quick = quick_cache::sync::Cache::new(room * 2);
    let them = held(|| {
        for key in 0..ENTRIES {
            quick.insert(key, Arc::new([key; 16]));
        }
    });
    report.value("cache.memory_per_entry", Aim::None, us, "bytes", room);
    report.value("cache.memory_per_entry_quick_cache", Aim::None, them, "bytes", room);
    compressed(report)
}

/// The bytes that are still allocated afterwards, for each entry.
fn held(fill: impl FnOnce()) -> f64 {
    allocation_counter::measure(fill).bytes_current as f64 / ENTRIES as f64
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
