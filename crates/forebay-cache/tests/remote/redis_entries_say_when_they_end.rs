//! Entries with a limit say themselves until when they are kept, by their server's clock: a reader need not ask for each.

use crate::fixture::{connected, fill, removal, stamp, text};
use anyhow::{Context, Result};
use bytes::Bytes;
use forebay_cache::{
    Tier,
    fred10::{RedisConfig, RedisTier},
};
use forebay_tests::{Redis, RedisCluster};
use fred::{
    clients::Client,
    interfaces::{ClientLike, KeysInterface},
    prelude::Config,
    types::Expiration,
};
use std::time::Duration;

const KEEP: Duration = Duration::from_secs(60);

async fn tier(url: String) -> Result<RedisTier> {
    let config = RedisConfig { command_timeout: Duration::from_secs(5), ..RedisConfig::from_url(url) };
    let tier = RedisTier::connect(&config)?;
    connected(&tier).await;
    Ok(tier)
}

async fn calls(redis: &Redis, command: &str) -> Result<u64> {
    let stats = redis.command("INFO commandstats").await?;
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    Ok(line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0))
}

async fn remaining(tier: &RedisTier, key: &Bytes) -> Result<Duration> {
    let stored = tier.get(std::slice::from_ref(key)).await?.remove(0).context("it is there")?;
    stored.remaining.context("it has a limit")
}

/// Reads often enough to have found out that the entries of the key's cache say it.
async fn learned(tier: &RedisTier, key: &Bytes) -> Result<()> {
    for _ in 0..100 {
        assert!(remaining(tier, key).await? <= KEEP);
    }
    Ok(())
}

#[tokio::test]
async fn nobody_asks_how_long_they_are_kept() -> Result<()> {
    let redis = Redis::start().await?;
    let (tier, key) = (tier(redis.url()).await?, Bytes::from("shop:user:7"));
    tier.put(&[fill(&key, "text", stamp(1))]).await?;
    learned(&tier, &key).await?;

    let (asked, clocks) = (calls(&redis, "pttl").await?, calls(&redis, "time").await?);
    for _ in 0..100 {
        // Never more than the truth, which the server tells before; a script's clock stands still for a moment.
        let truth: u64 = redis.command("PTTL shop:user:7").await?.parse()?;
        let left = remaining(&tier, &key).await?;
        assert!(left <= Duration::from_millis(truth + 5), "{left:?} of {truth} ms");
        assert!(left > KEEP / 2, "{left:?}");
    }
    assert_eq!(calls(&redis, "pttl").await?, asked + 100, "those are the test's own");
    assert!(calls(&redis, "time").await? - clocks < 50, "the clock is asked now and then");

    let keys: Vec<Bytes> = (0..90).map(|n| Bytes::from(format!("shop:user:{n}"))).collect();
    let fills: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(1))).collect();
    tier.put(&fills).await?;
    for (key, stored) in keys.iter().zip(tier.get(&keys).await?) {
        assert_eq!(text(key, stored.as_ref()).as_deref(), Some("text"));
        let left = stored.and_then(|stored| stored.remaining).context("it has a limit")?;
        assert!(left <= KEEP && left > KEEP / 2, "{left:?}");
    }
    assert_eq!(calls(&redis, "pttl").await?, asked + 100, "nor for a batch");
    Ok(())
}

#[tokio::test]
async fn a_tombstone_is_read_once() -> Result<()> {
    let redis = Redis::start().await?;
    let (tier, key) = (tier(redis.url()).await?, Bytes::from("shop:user:7"));
    tier.put(&[fill(&key, "text", stamp(1))]).await?;
    learned(&tier, &key).await?;
    tier.remove(&[removal(&key, stamp(2))]).await?;
    let (asked, read) = (calls(&redis, "pttl").await?, calls(&redis, "get").await?);
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0);
    assert_eq!(text(&key, stored.as_ref()).as_deref(), Some("†"));
    assert_eq!((calls(&redis, "pttl").await?, calls(&redis, "get").await?), (asked, read + 1));
    Ok(())
}

#[tokio::test]
async fn entries_of_an_earlier_version_are_asked_for() -> Result<()> {
    let redis = Redis::start().await?;
    let (tier, key) = (tier(redis.url()).await?, Bytes::from("shop:user:7"));
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    tier.put(&[fill(&key, "text", stamp(1))]).await?;
    learned(&tier, &key).await?;
    let kept: Bytes = client.get("shop:user:7").await?;
    let earlier = fill(&key, "older", stamp(1)).value;
    assert_eq!((kept[2], earlier[2], kept.len()), (2, 1, earlier.len() - "older".len() + "text".len() + 8));

    client.set::<(), _, _>("shop:user:7", earlier, Some(Expiration::PX(30_000)), None, false).await?;
    for _ in 0..3 {
        let left = remaining(&tier, &key).await?;
        assert!(left <= Duration::from_secs(30) && left > Duration::from_secs(10), "{left:?}");
    }
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0);
    assert_eq!(text(&key, stored.as_ref()).as_deref(), Some("older"));
    Ok(())
}

#[tokio::test]
async fn without_the_right_to_the_time_it_is_asked_for() -> Result<()> {
    let redis = Redis::start().await?;
    let address = redis.url();
    let address = address.strip_prefix("redis://").context("it is plain")?;
    redis.command("ACL SETUSER timeless on >secret ~* &* +@all -time").await?;
    let timeless = tier(format!("redis://timeless:secret@{address}")).await?;
    let (key, other) = (Bytes::from("shop:user:7"), Bytes::from("shop:user:8"));
    timeless.put(&[fill(&key, "text", stamp(1))]).await?;
    learned(&timeless, &key).await?;
    assert!(remaining(&timeless, &key).await? > KEEP / 2);

    // Another user's entries say it, and this one cannot know what it means.
    tier(redis.url()).await?.put(&[fill(&other, "text", stamp(1))]).await?;
    learned(&timeless, &other).await?;
    assert!(remaining(&timeless, &other).await? > KEEP / 2);
    Ok(())
}

#[tokio::test]
async fn in_a_cluster_the_time_left_is_asked_for() -> Result<()> {
    let cluster = RedisCluster::start().await?;
    let tier = tier(cluster.url()).await?;
    let keys: Vec<Bytes> = (0..9).map(|n| Bytes::from(format!("shop:user:{n}"))).collect();
    let fills: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(1))).collect();
    tier.put(&fills).await?;
    for key in &keys {
        learned(&tier, key).await?;
    }
    for stored in tier.get(&keys).await? {
        let left = stored.and_then(|stored| stored.remaining).context("it has a limit")?;
        assert!(left <= KEEP && left > KEEP / 2, "{left:?}");
    }
    Ok(())
}
