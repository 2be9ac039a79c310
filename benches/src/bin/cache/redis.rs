//! Hits in Redis beside the bare client, invalidations beside bare publishes, and how often a batch goes to Redis.

use crate::{
    node::{PATIENT, bare, namespace, patient},
    strings::{Calls, KEYS, VALUE_BYTES, at, bare_key, by_tasks, text},
    subjects::runtime,
};
use anyhow::Context as _;
use forebay::{
    cache::{Cache, GuardedTier, Namespace, Tag, TierConfig, fred10::RedisTier},
    metrics::Meter,
};
use forebay_benches::{Aim, PAIRS, Report};
use forebay_tests::{RedisCluster, eventually, shared};
use fred::{
    clients::Client,
    interfaces::{KeysInterface as _, PubsubInterface as _},
};
use std::{sync::Arc, time::Duration};
use tokio::runtime::Runtime;

/// Other traffic of the cluster can only add to what a batch is counted with.
const BATCHES: usize = 15;
/// How long entries are fresh where they have a limit: longer than the bench runs.
const LIMIT: Duration = Duration::from_secs(3600);

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let (space, bare) = runtime.block_on(async {
        let (url, name) = (shared().await.redis_url(), shared().await.key_prefix("bench"));
        anyhow::Ok((namespace(&url, &name).await?, bare(&url).await?))
    })?;
    let shared = |name| Cache::builder(name).namespace(&space).shared().meter(&Meter::disabled());
    let (texts, limited) = (shared("texts").build()?, shared("limited").ttl(LIMIT).build()?);
    runtime.block_on(filled(&[&texts, &limited], &bare))?;
    hits(report, &runtime, &texts, &bare);
    limited_hits(report, &runtime, &limited, &bare);
    invalidations(report, &runtime, &texts, &bare);
    runtime.block_on(space.shutdown());
    let trips = runtime.block_on(batch_round_trips())?;
    report.value("cache.batch100_round_trips", Aim::AtMost(1.0), trips as f64, "per shard", BATCHES);
    Ok(())
}

async fn filled(caches: &[&Cache<u64, String>], bare: &Client) -> anyhow::Result<()> {
    for key in 0..KEYS {
        bare.set::<(), _, _>(bare_key(key), text(key), None, None, false).await?;
    }
    let keys: Vec<u64> = (0..KEYS).collect();
    for texts in caches {
        arrived(texts, &keys).await;
    }
    Ok(())
}

/// Stores the strings of these keys until all of them are in Redis.
async fn arrived(texts: &Cache<u64, String>, keys: &[u64]) {
    eventually("the strings are in Redis", async || {
        for key in keys {
            if texts.entry(key).skip_memory().get().await.is_none() {
                texts.insert(key, text(*key)).await;
            }
        }
        texts.entries(keys).skip_memory().get().await.iter().all(Option::is_some)
    })
    .await;
}

async fn read_ours(texts: Cache<u64, String>, task: u64) -> Vec<Duration> {
    let mut calls = Calls::of(task);
    while let Some(key) = calls.next() {
        let text = texts.entry(&key).skip_memory().get().await;
        assert!(text.is_some_and(|text| text.len() == VALUE_BYTES), "{key} is in Redis");
    }
    calls.took()
}

async fn read_bare(client: Client, task: u64) -> Vec<Duration> {
    let mut calls = Calls::of(task);
    while let Some(key) = calls.next() {
        let text: Option<String> = client.get(bare_key(key)).await.unwrap_or_default();
        assert!(text.is_some_and(|text| text.len() == VALUE_BYTES), "{key} is in Redis");
    }
    calls.took()
}

/// Throughput and the time of one read with 64 tasks at it, and the time of one read that is alone.
fn hits(report: &mut Report, runtime: &Runtime, texts: &Cache<u64, String>, bare: &Client) {
    let ours = || runtime.block_on(by_tasks(texts, read_ours));
    let theirs = || runtime.block_on(by_tasks(bare, read_bare));
    report.same_against_same("cache.redis_hit", PAIRS, || theirs().0);
    report.throughput_ratio(
        "cache.redis_hit_throughput_vs_fred",
        Aim::AtLeast(0.95),
        PAIRS,
        || ours().0,
        || theirs().0,
    );
    for (name, aim, share) in [
        ("cache.redis_hit_latency_vs_fred", Aim::AtMost(1.1), 0.5),
        ("cache.redis_hit_p99_vs_fred", Aim::None, 0.99),
    ] {
        report.time_ratio(name, aim, PAIRS, || at(share, &ours().1), || at(share, &theirs().1));
    }
    let name = "cache.redis_hit_latency_of_one_task_vs_fred";
    one_task(report, name, runtime, texts, bare);
}

/// The same where entries have a ttl, so that a reader needs to know how old they are, beside a read of the same bytes.
fn limited_hits(report: &mut Report, runtime: &Runtime, limited: &Cache<u64, String>, bare: &Client) {
    report.throughput_ratio(
        "cache.redis_get_ttl_vs_fred",
        Aim::AtLeast(0.95),
        PAIRS,
        || runtime.block_on(by_tasks(limited, read_ours)).0,
        || runtime.block_on(by_tasks(bare, read_bare)).0,
    );
    let name = "cache.redis_get_ttl_latency_of_one_task_vs_fred";
    one_task(report, name, runtime, limited, bare);
}

fn one_task(report: &mut Report, name: &str, runtime: &Runtime, texts: &Cache<u64, String>, bare: &Client) {
    let alone = |mut calls: Vec<Duration>| {
        calls.sort();
        at(0.5, &calls)
    };
    report.time_ratio(
        name,
        Aim::AtMost(1.1),
        PAIRS,
        || alone(runtime.block_on(read_ours(texts.clone(), 0))),
        || alone(runtime.block_on(read_bare(bare.clone(), 0))),
    );
}

/// A numbered, remembered and published invalidation, heard by its own node, beside a publish that nobody hears.
fn invalidations(report: &mut Report, runtime: &Runtime, texts: &Cache<u64, String>, bare: &Client) {
    let ours = |texts: Cache<u64, String>, task: u64| async move {
        let mut calls = Calls::of(task);
        while let Some(number) = calls.next() {
            let reached = texts.invalidate_tag(&Tag::of("bench", task * KEYS + number)).await;
            assert_eq!(reached, forebay::cache::Reached::Everywhere, "Redis is there");
        }
        calls.took()
    };
    let theirs = |client: Client, task: u64| async move {
        let mut calls = Calls::of(task);
        while calls.next().is_some() {
            let heard: Result<i64, _> = client.publish("forebay-bench", "an invalidation").await;
            assert!(heard.is_ok(), "Redis is there");
        }
        calls.took()
    };
    report.throughput_ratio(
        "cache.invalidations_throughput_vs_publish",
        Aim::AtLeast(0.4),
        PAIRS,
        || runtime.block_on(by_tasks(texts, ours)).0,
        || runtime.block_on(by_tasks(bare, theirs)).0,
    );
}

/// How often the busiest of a cluster's shards hears from us for one batch of a hundred keys: the times its server had
/// something to read, of a namespace that says nothing else to it.
async fn batch_round_trips() -> anyhow::Result<u64> {
    let cluster = RedisCluster::start().await?;
    let tier = Arc::new(RedisTier::connect(&patient(&cluster.url()))?);
    eventually("the cluster is reached", async || tier.is_connected()).await;
    let guard = TierConfig { deadline: PATIENT, ..TierConfig::default() };
    let space = Namespace::builder("bench-batch")
        .tier(GuardedTier::new(tier.clone(), &guard, &Meter::disabled())?)
        .meter(&Meter::disabled())
        .build()?;
    let texts: Cache<u64, String> =
        Cache::builder("texts").namespace(&space).shared().meter(&Meter::disabled()).build()?;
    let keys: Vec<u64> = (0..100).collect();
    arrived(&texts, &keys).await;
    let mut fewest = u64::MAX;
    for _ in 0..BATCHES {
        let idle = reads_since(&cluster, async || {}).await?;
        let busy = reads_since(&cluster, async || {
            let found = texts.entries(&keys).skip_memory().get().await;
            assert!(found.iter().all(Option::is_some), "the batch is in Redis");
        })
        .await?;
        let most = busy.iter().zip(idle).map(|(busy, idle)| busy.saturating_sub(idle)).max();
        fewest = fewest.min(most.context("a cluster has shards")?);
    }
    tier.shutdown().await;
    Ok(fewest)
}

/// How often each server of the cluster reads from its clients while this is done, and asked for its statistics.
async fn reads_since(cluster: &RedisCluster, done: impl AsyncFnOnce()) -> anyhow::Result<Vec<u64>> {
    let before = reads(cluster).await?;
    done().await;
    Ok(reads(cluster).await?.iter().zip(before).map(|(after, before)| after - before).collect())
}

async fn reads(cluster: &RedisCluster) -> anyhow::Result<Vec<u64>> {
    let mut reads = Vec::new();
    for node in cluster.nodes() {
        let stats = node.command("INFO stats").await?;
        let line = stats.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
        reads.push(line.context("Redis counts its reads from version 6 on")?.trim().parse()?);
    }
    Ok(reads)
}
