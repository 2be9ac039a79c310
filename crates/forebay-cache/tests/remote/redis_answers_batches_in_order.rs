//! A batch is one round trip, and answer number n belongs to key number n.

use crate::fixture::{connected, fill, removal, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Outcome, Tier,
    fred10::{RedisConfig, RedisTier},
};
use forebay_tests::{Redis, shared};
use std::time::Duration;

fn keys(prefix: &str, n: usize) -> Vec<Bytes> {
    (0..n).map(|n| Bytes::from(format!("{prefix}:{n}"))).collect()
}

#[tokio::test]
async fn values_tombstones_and_misses_keep_their_places() -> Result<()> {
    let lab = shared().await;
    let tier = RedisTier::connect(&RedisConfig::from_url(lab.redis_url()))?;
    connected(&tier).await;
    let keys = keys(&lab.key_prefix("batches"), 90);

    let fills: Vec<_> = keys
        .iter()
        .enumerate()
        .filter(|(n, _)| n % 3 == 0)
        .map(|(n, key)| fill(key, &n.to_string(), stamp(2)))
        .collect();
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; 30]);
    let removals: Vec<_> =
        keys.iter().enumerate().filter(|(n, _)| n % 3 == 1).map(|(_, key)| removal(key, stamp(3))).collect();
    tier.remove(&removals).await?;

    let stored = tier.get(&keys).await?;
    for (n, (key, stored)) in keys.iter().zip(&stored).enumerate() {
        let expected = match n % 3 {
            0 => Some(n.to_string()),
            1 => Some("†".to_owned()),
            _ => None,
        };
        assert_eq!(text(key, stored.as_ref()), expected);
        if let Some(stored) = stored {
            let most = Duration::from_secs(if n % 3 == 0 { 60 } else { 30 });
            assert!(
                stored.remaining.is_some_and(|left| left <= most && left > most / 2),
                "{:?}",
                stored.remaining
            );
        }
    }

    let fills: Vec<_> = keys.iter().map(|key| fill(key, "again", stamp(2))).collect();
    let outcomes = tier.put(&fills).await?;
    for (n, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome, if n % 3 == 1 { Outcome::Refused } else { Outcome::Stored });
    }
    Ok(())
}

#[tokio::test]
async fn an_entry_without_a_limit_has_no_time_left() -> Result<()> {
    let lab = shared().await;
    let tier = RedisTier::connect(&RedisConfig::from_url(lab.redis_url()))?;
    connected(&tier).await;
    let key = Bytes::from(lab.key_prefix("no_limit"));
    let mut fill = fill(&key, "kept", stamp(1));
    fill.keep = None;
    tier.put(&[fill]).await?;
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0).expect("it is there");
    assert_eq!(stored.remaining, None);
    tier.remove(&[removal(&key, stamp(2))]).await?;
    Ok(())
}

#[tokio::test]
async fn an_empty_batch_is_nothing() -> Result<()> {
    let lab = shared().await;
    let tier = RedisTier::connect(&RedisConfig::from_url(lab.redis_url()))?;
    connected(&tier).await;
    assert!(tier.get(&[]).await?.is_empty());
    assert!(tier.put(&[]).await?.is_empty());
    tier.remove(&[]).await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_sent_them_again() -> Result<()> {
    let redis = Redis::start().await?;
    let tier = RedisTier::connect(&RedisConfig::from_url(redis.url()))?;
    connected(&tier).await;
    let keys = keys("scripts", 10);
    let fills: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(2))).collect();
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; 10], "a server that has never seen them");
    redis.kill();
    redis.restart().await?;
    connected(&tier).await;
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; 10]);
    let older: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(1))).collect();
    assert_eq!(tier.put(&older).await?, vec![Outcome::Refused; 10]);
    Ok(())
}
