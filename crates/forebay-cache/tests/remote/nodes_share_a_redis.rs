//! Caches of two nodes over one real Redis: what one loads the other finds, what one invalidates the other forgets, and
//! when the server hangs or is gone every answer is still right and soon there.

use anyhow::Result;
use forebay_cache::{
    Cache, GuardedTier, Namespace, Reached, Tag, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::{Redis, eventually, shared};
use std::{sync::Arc, time::Duration};

struct Member {
    space: Namespace,
    words: Cache<u64, String>,
}

async fn member(url: &str, namespace: &str) -> Result<Member> {
    let redis = RedisConfig::from_url(url);
    let chain = SequencerConfig { heartbeat: Duration::from_millis(50), ..SequencerConfig::of(namespace) };
    let tier = Arc::new(RedisTier::connect(&redis)?);
    // Generous: the machine that runs this may be busy, and nothing here is about speed.
    let guard = TierConfig { deadline: Duration::from_secs(1), ..TierConfig::default() };
    let space = Namespace::builder(namespace)
        .sequencer(Arc::new(RedisSequencer::connect(&redis, chain)?))
        .tier(GuardedTier::new(tier, &guard, &Meter::disabled())?)
        .issue_deadline(Duration::from_secs(1))
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    let words = Cache::builder("words").namespace(&space).shared().build()?;
    Ok(Member { space, words })
}

impl Member {
    async fn load(&self, value: &str) -> String {
        self.words.entry(&1).tags(|| [Tag::of("user", 7)]).get_or_load(async || value.to_owned()).await
    }
}

/// Waits until a node that knows nothing finds `value` in Redis.
async fn shared_through(url: &str, namespace: &str, value: &str) -> Result<()> {
    let other = member(url, namespace).await?;
    eventually("another node finds it", async || {
        other.words.get(&1).await.as_deref().is_some_and(|v| v == value)
    })
    .await;
    other.space.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_one_loads_the_other_finds_until_it_is_invalidated() -> Result<()> {
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("share"));
    let (here, there) = (member(&url, &namespace).await?, member(&url, &namespace).await?);
    assert_eq!(here.load("first").await, "first");
    shared_through(&url, &namespace, "first").await?;
    assert_eq!(there.load("own").await, "first");

    assert_eq!(here.words.invalidate_tag(&Tag::of("user", 7)).await, Reached::Everywhere);
    assert!(here.words.peek(&1).is_none());
    eventually("the other node hears of it", async || there.words.peek(&1).is_none()).await;
    assert_eq!(there.load("second").await, "second", "what Redis holds carries the tag");
    shared_through(&url, &namespace, "second").await?;
    assert_eq!(here.load("own").await, "second");

    assert_eq!(there.words.invalidate(&1).await, Reached::Everywhere);
    eventually("the other node hears of it", async || here.words.peek(&1).is_none()).await;
    assert_eq!(here.load("third").await, "third");
    Ok(())
}

#[tokio::test]
async fn a_server_that_hangs_is_done_without_and_what_was_queued_arrives() -> Result<()> {
    let redis = Redis::start().await?;
    let (url, namespace) = (redis.url(), "hang");
    let (here, there) = (member(&url, namespace).await?, member(&url, namespace).await?);
    here.load("old").await;
    shared_through(&url, namespace, "old").await?;
    assert_eq!(there.load("own").await, "old");

    redis.stop();
    assert_eq!(here.words.invalidate_tag(&Tag::of("user", 7)).await, Reached::Here);
    assert_eq!(here.load("new").await, "new", "it holds here at once, and Redis is not trusted");
    redis.resume();
    eventually("the other node hears of it", async || there.words.peek(&1).is_none()).await;
    assert_eq!(there.load("newer").await, "newer", "what Redis held was invalidated");
    Ok(())
}
