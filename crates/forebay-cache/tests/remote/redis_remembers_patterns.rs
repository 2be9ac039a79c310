//! Redis tells a node that joins which patterns are live, and from which number on it knows them all.

use crate::chain::{event, hear, joined, mark_of, soft, tag};
use anyhow::Result;
use forebay_cache::{
    LivePatterns, Pattern, Sequencer, Target,
    fred10::{RedisConfig, RedisSequencer, SequencerConfig},
};
use forebay_tests::Redis;
use fred::{
    clients::Client,
    interfaces::{ClientLike, HashesInterface, KeysInterface},
    prelude::Config,
};

fn pattern(text: &str) -> Target {
    Target::Pattern { cache: Some("pages".into()), pattern: Pattern::new(text) }
}

fn node(redis: &Redis, namespace: &str, patterns_max: u32) -> Result<RedisSequencer> {
    let config = SequencerConfig { patterns_max, ..SequencerConfig::of(namespace) };
    Ok(RedisSequencer::connect(&RedisConfig::from_url(redis.url()), config)?)
}

#[tokio::test]
async fn with_their_newest_numbers() -> Result<()> {
    let redis = Redis::start().await?;
    let (near, far) = (node(&redis, "live", 8)?, node(&redis, "live", 8)?);
    assert_eq!(joined(&near).await.patterns, LivePatterns::default());
    joined(&far).await;
    let everywhere = Target::Pattern { cache: None, pattern: Pattern::new(r"\*:b?") };
    for target in [pattern("user:*:board"), everywhere.clone(), pattern("user:*:board")] {
        let issued = near.issue(&soft(target)).await?;
        assert_eq!(hear(&far, event).await, issued);
    }
    near.issue(&tag("a")).await?;
    let newest = vec![(everywhere, 2), (pattern("user:*:board"), 3)];
    assert_eq!(joined(&far).await.patterns, LivePatterns { floor: 0, newest });
    Ok(())
}

#[tokio::test]
async fn and_drops_the_older_half_when_there_is_no_room() -> Result<()> {
    let redis = Redis::start().await?;
    let node = node(&redis, "crowded", 3)?;
    joined(&node).await;
    for id in 1..=4 {
        node.issue(&soft(pattern(&format!("{id}*")))).await?;
    }
    let newest = vec![(pattern("3*"), 3), (pattern("4*"), 4)];
    assert_eq!(joined(&node).await.patterns, LivePatterns { floor: 2, newest });
    Ok(())
}

#[tokio::test]
async fn a_lost_table_is_noticed() -> Result<()> {
    let redis = Redis::start().await?;
    let node = node(&redis, "lost", 8)?;
    joined(&node).await;
    node.issue(&soft(pattern("1*"))).await?;
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    let removed: u32 = client.del("forebay:{lost}:patterns").await?;
    assert_eq!(removed, 1);
    node.issue(&tag("a")).await?;
    assert_eq!(joined(&node).await.patterns, LivePatterns { floor: 2, newest: Vec::new() });
    node.issue(&soft(pattern("2*"))).await?;
    let newest = vec![(pattern("2*"), 3)];
    assert_eq!(joined(&node).await.patterns, LivePatterns { floor: 2, newest });
    Ok(())
}

#[tokio::test]
async fn and_so_is_a_table_of_another_epoch() -> Result<()> {
    let redis = Redis::start().await?;
    let node = node(&redis, "anew", 8)?;
    joined(&node).await;
    node.issue(&soft(pattern("1*"))).await?;
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    // As a program does that starts the chain anew and knows of no patterns.
    let _set: () = client.hset("forebay:{anew}:patterns", ("mark", "of another")).await?;
    assert_eq!(joined(&node).await.patterns, LivePatterns { floor: 1, newest: Vec::new() });
    Ok(())
}

#[tokio::test]
async fn a_node_that_was_left_behind_hears_of_them_too() -> Result<()> {
    let redis = Redis::start().await?;
    let config = SequencerConfig { events_max: 1, ..SequencerConfig::of("behind") };
    let node = RedisSequencer::connect(&RedisConfig::from_url(redis.url()), config)?;
    joined(&node).await;
    let first = node.issue(&soft(pattern("1*"))).await?;
    // Redis trims its stream a hundred entries at a time.
    for _ in 0..300 {
        node.issue(&tag("a")).await?;
    }
    let missed = node.missed(Some(mark_of(&first))).await?;
    assert!(!missed.complete);
    assert_eq!(missed.patterns, LivePatterns { floor: 0, newest: vec![(pattern("1*"), 1)] });
    Ok(())
}
