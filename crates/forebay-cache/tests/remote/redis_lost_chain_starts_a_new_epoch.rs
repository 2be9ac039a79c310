//! A Redis that lost invalidations must not make anything valid again.

use crate::{
    chain::{alive, hear, joined, mark_of, tag},
    fixture::until,
};
use anyhow::Result;
use forebay_cache::{
    Cache, GuardedTier, Invalidation, Mark, Namespace, Reached, Sequencer, Tag, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_scope::Position;
use forebay_tests::{Persistence, Redis, RedisSpec};
use fred::{
    clients::Client,
    interfaces::*,
    prelude::Config,
    types::{ClusterHash, CustomCommand},
};
use std::{sync::Arc, time::Duration};

fn node(redis: &Redis) -> Result<RedisSequencer> {
    let config = SequencerConfig { heartbeat: Duration::from_millis(20), ..SequencerConfig::of("shop") };
    Ok(RedisSequencer::connect(&RedisConfig::from_url(redis.url()), config)?)
}

/// A node with all that belongs to it.
struct Member {
    _space: Namespace,
    words: Cache<u64, String>,
}

impl Member {
    async fn start(redis: &Redis) -> Result<Self> {
        let settings = RedisConfig::from_url(redis.url());
        let space = Namespace::builder("shop")
            .sequencer(Arc::new(node(redis)?))
            .tier(GuardedTier::new(
                Arc::new(RedisTier::connect(&settings)?),
                &TierConfig { deadline: Duration::from_secs(1), ..TierConfig::default() },
                &Meter::disabled(),
            )?)
            .issue_deadline(Duration::from_secs(1))
            .meter(&Meter::disabled())
            .build()?;
        space.ready().await;
        let words = Cache::builder("words").namespace(&space).shared().build()?;
        Ok(Self { _space: space, words })
    }
}

async fn command(redis: &Redis, words: &'static str) -> Result<()> {
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    let command = CustomCommand::new_static(words, ClusterHash::Random, false);
    let _: fred::types::Value = client.custom(command, Vec::<String>::new()).await?;
    Ok(())
}

/// What the node follows from its heartbeats: an end that differs from what it knows.
async fn other_end(node: &RedisSequencer, known: Mark) -> Mark {
    hear(node, |heard| alive(heard).filter(|mark| mark.stamp.epoch != known.stamp.epoch)).await
}

#[tokio::test]
async fn everything_flushed() -> Result<()> {
    let redis = Redis::start().await?;
    let node = node(&redis)?;
    joined(&node).await;
    let known = mark_of(&node.issue(&tag("a")).await?);
    command(&redis, "FLUSHALL").await?;

    let seen = other_end(&node, known).await;
    let missed = node.missed(Some(known)).await?;
    assert!(!missed.complete);
    assert_eq!(missed.end.stamp, seen.stamp);
    assert!(missed.end.stamp.epoch > known.stamp.epoch, "a later epoch is larger");
    let next = node.issue(&tag("a")).await?;
    assert_eq!(next.stamp.epoch, missed.end.stamp.epoch);
    Ok(())
}

#[tokio::test]
async fn what_is_left_of_the_chain_keeps_the_positions_it_knew() -> Result<()> {
    let redis = Redis::start().await?;
    let node = node(&redis)?;
    joined(&node).await;
    let written = Position { system: 7, timeline: 1, lsn: 100 };
    let known = mark_of(&node.issue(&Invalidation { positions: written.into(), ..tag("a") }).await?);
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    let _: u64 = client.hdel("forebay:{shop}:chain", "epoch").await?;
    let missed = node.missed(Some(known)).await?;
    assert!(!missed.complete);
    assert_eq!(missed.positions, written.into());
    Ok(())
}

/// Issues two invalidations, of which the server forgets the second.
async fn rewound(redis: &Redis, nodes: &[&RedisSequencer]) -> Result<(Mark, Mark)> {
    for node in nodes {
        joined(*node).await;
    }
    let kept = mark_of(&nodes[0].issue(&tag("a")).await?);
    command(redis, "SAVE").await?;
    let lost = mark_of(&nodes[0].issue(&tag("b")).await?);
    redis.kill();
    redis.restart().await?;
    for node in nodes {
        joined(*node).await;
    }
    Ok((kept, lost))
}

async fn with_dump() -> Result<Redis> {
    Redis::start_with(RedisSpec::default().persistence(Persistence::Dump)).await
}

#[tokio::test]
async fn a_restart_that_went_back_in_time() -> Result<()> {
    let redis = with_dump().await?;
    let (here, there) = (node(&redis)?, node(&redis)?);
    let (kept, lost) = rewound(&redis, &[&here, &there]).await?;

    let ignorant = there.missed(Some(kept)).await?;
    assert!(ignorant.complete, "who had not heard of the second one cannot know");
    let missed = here.missed(Some(lost)).await?;
    assert!(!missed.complete);
    assert!(missed.end.stamp.epoch > lost.stamp.epoch);

    let after = there.missed(Some(lost)).await?;
    assert!(!after.complete);
    assert_eq!(after.end, missed.end, "the second to notice does not start yet another epoch");
    assert_eq!(
        other_end(&there, kept).await.stamp.epoch,
        missed.end.stamp.epoch,
        "everybody hears of the new epoch"
    );
    Ok(())
}

#[tokio::test]
async fn a_restart_that_lost_nothing_goes_on_in_a_new_epoch() -> Result<()> {
    let redis = with_dump().await?;
    let (here, there) = (node(&redis)?, node(&redis)?);
    joined(&here).await;
    here.issue(&tag("a")).await?;
    let known = mark_of(&here.issue(&tag("b")).await?);
    command(&redis, "SAVE").await?;
    redis.kill();
    redis.restart().await?;
    joined(&here).await;
    joined(&there).await;
    let next = there.issue(&tag("c")).await?;
    assert!(next.stamp.epoch > known.stamp.epoch, "numbers may have been lost");
    assert_eq!((next.stamp.number, next.previous), (known.stamp.number + 1, known.link));

    let missed = here.missed(Some(known)).await?;
    assert!(missed.complete, "none was");
    assert_eq!((missed.earlier, missed.end), (vec![known.stamp], mark_of(&next)));
    assert_eq!(missed.events, [next]);
    let newest = here.newest("any", b"any:1", &["a", "b", "c"].map(Tag::named)).await?;
    assert_eq!(newest.tags, [1, 2, 3], "the tables are still known");
    let after = here.issue(&tag("d")).await?;
    assert_eq!(after.stamp.epoch, newest.epoch, "once is enough");
    Ok(())
}

#[tokio::test]
async fn what_was_stored_before_a_restart_is_valid_after_it() -> Result<()> {
    let redis = with_dump().await?;
    let here = Member::start(&redis).await?;
    for word in [1, 2] {
        here.words.get_or_load(&word, async || "old".to_owned()).await;
    }
    let other = Member::start(&redis).await?;
    until("it is stored", async || other.words.get(&2).await.is_some()).await;
    command(&redis, "SAVE").await?;
    redis.kill();
    redis.restart().await?;
    until("it is back", async || here.words.invalidate(&1).await == Reached::Everywhere).await;

    let late = Member::start(&redis).await?;
    let load = async |word| late.words.get_or_load(&word, async || "new".to_owned()).await;
    until("its tier is connected", async || late.words.get(&2).await.is_some()).await;
    assert_eq!(load(2).await, "old", "nothing hit this one");
    assert_eq!(load(1).await, "new");
    Ok(())
}

#[tokio::test]
async fn numbers_handed_out_again() -> Result<()> {
    let redis = with_dump().await?;
    let (here, there) = (node(&redis)?, node(&redis)?);
    let (_, lost) = rewound(&redis, &[&here, &there]).await?;
    for n in 0..5 {
        there.issue(&tag(&format!("other:{n}"))).await?;
    }
    let missed = here.missed(Some(lost)).await?;
    assert!(!missed.complete, "number {} is another invalidation now", lost.stamp.number);
    assert!(missed.end.stamp.epoch > lost.stamp.epoch);
    Ok(())
}

#[tokio::test]
async fn an_earlier_epoch_that_came_back() -> Result<()> {
    let redis = with_dump().await?;
    let node = node(&redis)?;
    joined(&node).await;
    let first = mark_of(&node.issue(&tag("a")).await?);
    command(&redis, "SAVE").await?;
    command(&redis, "FLUSHALL").await?;
    let second = node.missed(Some(first)).await?.end;
    assert!(second.stamp.epoch > first.stamp.epoch);
    redis.kill();
    redis.restart().await?;
    until_joined_at(&node, first).await;

    let missed = node.missed(Some(second)).await?;
    assert!(!missed.complete);
    assert!(missed.end.stamp.epoch > second.stamp.epoch, "entries of the first epoch stay dead");
    Ok(())
}

async fn until_joined_at(node: &RedisSequencer, mark: Mark) {
    crate::fixture::until("the dump is back", async || node.missed(None).await.is_ok_and(|m| m.end == mark))
        .await;
}
