//! A fill carries its stamp, and Redis takes it only over something older.

use crate::fixture::{connected, fill, removal, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Outcome, Stamp, Tier,
    fred10::{RedisConfig, RedisTier},
};
use forebay_tests::{Redis, RedisSpec, shared};
use proptest::test_runner::{Config, TestRunner};

#[tokio::test]
async fn an_older_load_does_not_replace_a_newer_one() -> Result<()> {
    let tier = RedisTier::connect(&RedisConfig::from_url(shared().await.redis_url()))?;
    connected(&tier).await;
    let key = Bytes::from(shared().await.key_prefix("older_load"));
    let keys = [key.clone()];

    assert_eq!(tier.put(&[fill(&key, "new", stamp(7))]).await?, [Outcome::Stored]);
    assert_eq!(tier.put(&[fill(&key, "old", stamp(6))]).await?, [Outcome::Refused]);
    assert_eq!(text(&key, tier.get(&keys).await?[0].as_ref()).as_deref(), Some("new"));
    assert_eq!(tier.put(&[fill(&key, "same", stamp(7))]).await?, [Outcome::Stored]);
    assert_eq!(text(&key, tier.get(&keys).await?[0].as_ref()).as_deref(), Some("same"));
    Ok(())
}

#[tokio::test]
async fn a_tombstone_refuses_what_was_loaded_before_it() -> Result<()> {
    let tier = RedisTier::connect(&RedisConfig::from_url(shared().await.redis_url()))?;
    connected(&tier).await;
    let key = Bytes::from(shared().await.key_prefix("tombstone"));
    let keys = [key.clone()];

    tier.put(&[fill(&key, "old", stamp(5))]).await?;
    tier.remove(&[removal(&key, stamp(6))]).await?;
    assert_eq!(text(&key, tier.get(&keys).await?[0].as_ref()).as_deref(), Some("†"));
    assert_eq!(tier.put(&[fill(&key, "late", stamp(5))]).await?, [Outcome::Refused]);

    tier.remove(&[removal(&key, stamp(4))]).await?;
    assert_eq!(
        tier.put(&[fill(&key, "late", stamp(5))]).await?,
        [Outcome::Refused],
        "an older tombstone changes nothing"
    );

    assert_eq!(
        tier.put(&[fill(&key, "new", stamp(6))]).await?,
        [Outcome::Stored],
        "loaded after the invalidation"
    );
    tier.remove(&[removal(&key, stamp(6))]).await?;
    assert_eq!(
        text(&key, tier.get(&keys).await?[0].as_ref()).as_deref(),
        Some("new"),
        "it is not older than that"
    );
    Ok(())
}

#[tokio::test]
async fn an_older_tombstone_extends_a_newer_one() -> Result<()> {
    let tier = RedisTier::connect(&RedisConfig::from_url(shared().await.redis_url()))?;
    connected(&tier).await;
    let key = Bytes::from(shared().await.key_prefix("extends"));
    let mut short = removal(&key, stamp(6));
    short.keep = std::time::Duration::from_secs(5);
    tier.remove(&[short]).await?;
    tier.remove(&[removal(&key, stamp(5))]).await?;
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0).expect("the tombstone");
    assert!(stored.remaining > Some(std::time::Duration::from_secs(20)), "{:?}", stored.remaining);
    Ok(())
}

#[tokio::test]
async fn a_later_epoch_is_larger_whatever_the_numbers_say() -> Result<()> {
    let tier = RedisTier::connect(&RedisConfig::from_url(shared().await.redis_url()))?;
    connected(&tier).await;
    let key = Bytes::from(shared().await.key_prefix("epoch"));
    let [old, new] = [Stamp { epoch: 1 << 24, number: 900 }, Stamp { epoch: 2 << 24, number: 1 }];
    tier.put(&[fill(&key, "old", old)]).await?;
    assert_eq!(tier.put(&[fill(&key, "new", new)]).await?, [Outcome::Stored]);
    assert_eq!(tier.put(&[fill(&key, "old", old)]).await?, [Outcome::Refused]);
    Ok(())
}

/// Redis compares strings in Lua by the collation of its locale; ours are compared byte by byte.
#[test]
fn stamps_compare_as_numbers_do_whatever_the_bytes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (_redis, tier) = runtime.block_on(async {
        let redis = Redis::start_with(RedisSpec::default()).await.expect("redis");
        let tier = RedisTier::connect(&RedisConfig::from_url(redis.url())).expect("a tier");
        connected(&tier).await;
        (redis, tier)
    });
    let mut runner = TestRunner::new(Config::with_cases(300));
    let stamps = (proptest::num::u64::ANY, proptest::num::u64::ANY);
    let mut case = 0;
    let case = std::cell::RefCell::new(&mut case);
    runner
        .run(&(stamps, stamps), |(a, b)| {
            let [a, b] = [a, b].map(|(epoch, number)| Stamp { epoch, number });
            **case.borrow_mut() += 1;
            let key = Bytes::from(format!("case:{}", case.borrow()));
            let outcomes = runtime.block_on(async {
                let first = tier.put(&[fill(&key, "a", a)]).await.expect("put");
                [first, tier.put(&[fill(&key, "b", b)]).await.expect("put")].concat()
            });
            let second = if b < a { Outcome::Refused } else { Outcome::Stored };
            proptest::prop_assert_eq!(outcomes, [Outcome::Stored, second]);
            Ok(())
        })
        .expect("every pair");
}
