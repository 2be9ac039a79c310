//! A batch of a hundred keys is read with a few commands and asks the sequencer once, and invalidations of a moment share
//! their calls, as the server counts it.

use crate::{
    chain::{joined, tag},
    fixture::until,
};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Cache, GuardedTier, LoadFailed, Namespace, Sequencer as _, Tag, Tier as _, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::Redis;
use fred::{
    clients::Client,
    interfaces::ClientLike,
    prelude::Config,
    types::{ClusterHash, CustomCommand},
};
use futures_util::future::try_join_all;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

async fn words(url: &str) -> Result<Cache<u32, String>> {
    let redis = RedisConfig::from_url(url);
    let chain = SequencerConfig { heartbeat: Duration::from_secs(20), ..SequencerConfig::of("words") };
    let guard = TierConfig { deadline: Duration::from_secs(5), ..TierConfig::default() };
    let tier = RedisTier::connect(&redis)?;
    // It connects in the background, and until then every question is a miss.
    until("the tier is connected", async || tier.get(&[Bytes::from_static(b"words:")]).await.is_ok()).await;
    let space = Namespace::builder("words")
        .sequencer(Arc::new(RedisSequencer::connect(&redis, chain)?))
        .tier(GuardedTier::new(Arc::new(tier), &guard, &Meter::disabled())?)
        .issue_deadline(Duration::from_secs(5))
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    Ok(Cache::builder("words").namespace(&space).shared().build()?)
}

/// How many calls of `command` the server has seen.
async fn calls(client: &Client, command: &str) -> Result<u64> {
    let command_stats = CustomCommand::new_static("INFO", ClusterHash::Random, false);
    let stats: String = client.custom(command_stats, vec!["commandstats"]).await?;
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    Ok(line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0))
}

/// How many scripts the server ran while a node that has just joined read all of `keys`, besides those that read.
async fn questions_of_a_batch(client: &Client, late: &Cache<u32, String>, keys: &[u32]) -> Result<u64> {
    let (reads, scripts) = (calls(client, "mget").await?, calls(client, "evalsha").await?);
    assert!(late.get_many(keys).await.iter().all(Option::is_some));
    let reads = calls(client, "mget").await? - reads;
    assert!((1..=2).contains(&reads), "{reads} reads of a hundred keys");
    Ok((calls(client, "evalsha").await? - scripts).saturating_sub(reads))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_keys_are_one_question() -> Result<()> {
    let redis = Redis::start().await?;
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    let here = words(&redis.url()).await?;
    let keys: Vec<u32> = (0..100).collect();
    let loaded = here
        .entries(&keys)
        .tags(|key| [Tag::of("word", key)])
        .get_or_load(async |missing: Vec<u32>| {
            Ok::<_, LoadFailed>(missing.into_iter().map(|key| (key, key.to_string())))
        })
        .await
        .all()?;
    assert_eq!(loaded.len(), 100);
    let there = words(&redis.url()).await?;
    until("Redis has them all", async || {
        there.entries(&keys).read_only().get().await.iter().all(Option::is_some)
    })
    .await;

    // A node that has just joined must ask about every tag and key, and asks once.
    // Heartbeats are scripts as well, and the first ones come with the connections: not with every node's batch.
    let mut late = words(&redis.url()).await?;
    let mut asked = questions_of_a_batch(&client, &late, &keys).await?;
    for _ in 0..20 {
        if asked <= 1 {
            break;
        }
        late = words(&redis.url()).await?;
        asked = questions_of_a_batch(&client, &late, &keys).await?;
    }
    assert!(asked <= 1, "{asked} questions to the sequencer");

    // Nodes that have left say so by scripts of their own, some time after: not beside every batch.
    let mut scripts = u64::MAX;
    for _ in 0..20 {
        let before = calls(&client, "evalsha").await?;
        late.invalidate_many(&keys).await;
        scripts = scripts.min(calls(&client, "evalsha").await? - before);
        if scripts < 20 {
            break;
        }
    }
    assert!(scripts < 20, "{scripts} scripts: a hundred numbers are one, beside heartbeats");
    assert!(late.is_empty() && here.get_many(&keys[..1]).await.len() == 1);
    Ok(())
}

#[tokio::test]
async fn invalidations_of_a_moment_share_their_calls() -> Result<()> {
    let redis = Redis::start().await?;
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    let chain = SequencerConfig { heartbeat: Duration::from_secs(20), ..SequencerConfig::of("words") };
    let node = RedisSequencer::connect(&RedisConfig::from_url(redis.url()), chain)?;
    joined(&node).await;
    let before = calls(&client, "evalsha").await?;
    let asked: Vec<_> = (0..64).map(|number| tag(&format!("word:{number}"))).collect();
    let events = try_join_all(asked.iter().map(|asked| node.issue(asked))).await?;
    assert!(calls(&client, "evalsha").await? - before < 32, "beside heartbeats");

    for (asked, event) in asked.iter().zip(&events) {
        assert_eq!(event.invalidation, *asked, "each caller has its own");
    }
    let numbers: BTreeSet<u64> = events.iter().map(|event| event.stamp.number).collect();
    assert_eq!(numbers, (1..=64).collect());
    Ok(())
}
