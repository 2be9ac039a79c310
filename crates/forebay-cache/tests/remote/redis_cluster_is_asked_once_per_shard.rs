//! In a cluster a batch costs one round trip for each shard, all at once: entries are spread over the shards by their whole
//! keys, while the chain of a namespace is on one of them. Counted by the servers, as what they read from their connections.

use crate::fixture::{connected, fill, removal, stamp, until};
use anyhow::{Context, Result};
use bytes::Bytes;
use forebay_cache::{
    Cache, GuardedTier, LoadFailed, Namespace, Outcome, Tag, Tier, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::RedisCluster;
use std::{sync::Arc, time::Duration};

fn config(cluster: &RedisCluster) -> RedisConfig {
    RedisConfig { command_timeout: Duration::from_secs(5), ..RedisConfig::from_url(cluster.url()) }
}

/// How often each shard has read from a connection since it was asked before.
struct Reads<'a> {
    cluster: &'a RedisCluster,
    before: Vec<u64>,
}

impl<'a> Reads<'a> {
    /// Asking takes a connection of its own, which sends the question and is closed.
    const COST: u64 = 2;

    /// Begins when nothing else goes on.
    async fn of(cluster: &'a RedisCluster) -> Result<Self> {
        let mut reads = Self { cluster, before: vec![0; cluster.nodes().len()] };
        until("the cluster is quiet", async || reads.since().await.is_ok_and(|reads| reads == [0, 0, 0]))
            .await;
        Ok(reads)
    }

    async fn since(&mut self) -> Result<Vec<u64>> {
        let mut since = Vec::new();
        for (node, before) in self.cluster.nodes().iter().zip(&mut self.before) {
            let stats = node.command("INFO stats").await?;
            let reads = stats.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
            let now: u64 = reads.context("a server counts its reads")?.trim().parse()?;
            since.push((now - *before).saturating_sub(Self::COST));
            *before = now;
        }
        Ok(since)
    }
}

// On one thread, so that all is asked before fred's own task begins to write.
#[tokio::test]
async fn a_hundred_keys_are_one_round_trip_for_each_shard() -> Result<()> {
    let cluster = RedisCluster::start().await?;
    let tier = RedisTier::connect(&config(&cluster))?;
    connected(&tier).await;
    let keys: Vec<Bytes> = (0..100).map(|n| Bytes::from(format!("shop:words:{n}"))).collect();
    let fills: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(2))).collect();
    let removals: Vec<_> = keys.iter().map(|key| removal(key, stamp(3))).collect();
    tier.put(&fills).await?;
    let mut reads = Reads::of(&cluster).await?;
    assert!(tier.get(&keys).await?.iter().all(Option::is_some));
    assert_eq!(reads.since().await?, [1, 1, 1]);

    // Scripts are written one by one, and none is waited for: what counts is that none goes to a wrong shard.
    tier.remove(&removals).await?;
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Refused; 100]);
    for (shard, node) in cluster.nodes().iter().enumerate() {
        let errors = node.command("INFO errorstats").await?;
        assert!(!errors.contains("MOVED"), "shard {shard}: {errors}");
    }
    Ok(())
}

async fn words(cluster: &RedisCluster) -> Result<Cache<u32, String>> {
    let chain = SequencerConfig { heartbeat: Duration::from_secs(20), ..SequencerConfig::of("shop") };
    let guard = TierConfig { deadline: Duration::from_secs(5), ..TierConfig::default() };
    let tier = RedisTier::connect(&config(cluster))?;
    connected(&tier).await;
    let space = Namespace::builder("shop")
        .sequencer(Arc::new(RedisSequencer::connect(&config(cluster), chain)?))
        .tier(GuardedTier::new(Arc::new(tier), &guard, &Meter::disabled())?)
        .issue_deadline(Duration::from_secs(5))
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    Ok(Cache::builder("words").namespace(&space).shared().build()?)
}

// On one thread, so that all is asked before fred's own task begins to write.
#[tokio::test]
async fn a_cache_asks_for_a_hundred_keys_once_and_for_their_numbers_once() -> Result<()> {
    let cluster = RedisCluster::start().await?;
    let here = words(&cluster).await?;
    let keys: Vec<u32> = (0..100).collect();
    let load =
        async |missing: Vec<u32>| Ok::<_, LoadFailed>(missing.into_iter().map(|key| (key, key.to_string())));
    here.entries(&keys).tags(|key| [Tag::of("word", key)]).get_or_load(load).await.all()?;
    let there = words(&cluster).await?;
    until("Redis has them all", async || {
        there.entries(&keys).read_only().get().await.iter().all(Option::is_some)
    })
    .await;

    // A node that has just joined must ask about every tag and key.
    let late = words(&cluster).await?;
    let mut reads = Reads::of(&cluster).await?;
    assert!(late.get_many(&keys).await.iter().all(Option::is_some));
    let read = reads.since().await?;
    let chain = cluster.owner("{shop}").await?;
    for (shard, read) in read.iter().enumerate() {
        let most = if shard == chain { 2 } else { 1 };
        assert!((1..=most).contains(read), "shard {shard}, chain on {chain}: {read} of {most} reads");
    }
    Ok(())
}
