//! Hits in Memcached beside the bare client, which keeps as many connections as ours.

use crate::{
    node::PATIENT,
    strings::{Calls, KEYS, VALUE_BYTES, at, bare_key, by_tasks, text},
    subjects::runtime,
};
use forebay::{
    cache::{
        Cache, GuardedTier, Namespace, TierConfig,
        memcache021::{MemcachedConfig, MemcachedTier},
    },
    metrics::Meter,
};
use forebay_benches::{Aim, PAIRS, Report};
use forebay_tests::{eventually, shared};
use memcache::exp::AsyncMetaClient;
use std::{sync::Arc, time::Duration};

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let (texts, bare) = runtime.block_on(connected())?;
    runtime.block_on(filled(&texts, &bare))?;
    let ours = || runtime.block_on(by_tasks(&texts, read_ours));
    let theirs = || runtime.block_on(by_tasks(&bare, read_bare));
    report.same_against_same("cache.memcached_hit", PAIRS, || theirs().0);
    report.throughput_ratio(
        "cache.memcached_hit_throughput_vs_client",
        Aim::AtLeast(0.95),
        PAIRS,
        || ours().0,
        || theirs().0,
    );
    let name = "cache.memcached_hit_latency_vs_client";
    report.time_ratio(name, Aim::None, PAIRS, || at(0.5, &ours().1), || at(0.5, &theirs().1));
    Ok(())
}

async fn connected() -> anyhow::Result<(Cache<u64, String>, Arc<AsyncMetaClient>)> {
    let (address, name) = (shared().await.memcached_addr(), shared().await.key_prefix("bench-mc"));
    let config = MemcachedConfig { command_timeout: PATIENT, ..MemcachedConfig::of([address.clone()]) };
    let bare = AsyncMetaClient::builder()
        .max_connections(Some(config.connections_max))
        .max_idle(config.idle_max)
        .io_timeout(Some(PATIENT))
        .connect_async(address)
        .await?;
    let guard = TierConfig { deadline: PATIENT, ..TierConfig::default() };
    let tier = GuardedTier::new(Arc::new(MemcachedTier::connect(config)?), &guard, &Meter::disabled())?;
    let space = Namespace::builder(name).tier(tier).meter(&Meter::disabled()).build()?;
    let texts = Cache::builder("texts").namespace(&space).shared().meter(&Meter::disabled()).build()?;
    Ok((texts, Arc::new(bare)))
}

async fn filled(texts: &Cache<u64, String>, bare: &AsyncMetaClient) -> anyhow::Result<()> {
    for key in 0..KEYS {
        bare.set(bare_key(key), text(key)).send().await?;
    }
    eventually("the strings are in Memcached", async || {
        let mut missing = false;
        for key in 0..KEYS {
            if texts.entry(&key).skip_memory().get().await.is_none() {
                texts.insert(&key, text(key)).await;
                missing = true;
            }
        }
        !missing
    })
    .await;
    Ok(())
}

async fn read_ours(texts: Cache<u64, String>, task: u64) -> Vec<Duration> {
    let mut calls = Calls::of(task);
    while let Some(key) = calls.next() {
        let text = texts.entry(&key).skip_memory().get().await;
        assert!(text.is_some_and(|text| text.len() == VALUE_BYTES), "{key} is in Memcached");
    }
    calls.took()
}

/// A `String` in the end, as ours.
async fn read_bare(client: Arc<AsyncMetaClient>, task: u64) -> Vec<Duration> {
    let mut calls = Calls::of(task);
    while let Some(key) = calls.next() {
        let found = client.get(bare_key(key)).send().await.ok().and_then(|found| found.value);
        let text = found.and_then(|bytes| String::from_utf8(bytes).ok());
        assert!(text.is_some_and(|text| text.len() == VALUE_BYTES), "{key} is in Memcached");
    }
    calls.took()
}
