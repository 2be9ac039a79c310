//! What a tier on Redis promises, with each driver, and with entries that the other one wrote.

use crate::drivers::all;
use crate::fixture::{ask, connected, fill, give_up, removal, stamp, text, until};
use anyhow::{Context, Result};
use bytes::Bytes;
use forebay_cache::{LeaseState, Outcome, Tier};
use forebay_tests::{Redis, shared};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::Duration;

#[tokio::test]
async fn batches_keep_their_order() -> Result<()> {
    for (driver, tier) in all(&shared().await.redis_url()).await? {
        let prefix = shared().await.key_prefix("order");
        let keys: Vec<Bytes> = (0..90).map(|n| Bytes::from(format!("{prefix}:{n}"))).collect();
        let fills: Vec<_> = keys.iter().step_by(3).map(|key| fill(key, "kept", stamp(2))).collect();
        assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; 30], "{driver}");
        let removals: Vec<_> = keys.iter().skip(1).step_by(3).map(|key| removal(key, stamp(3))).collect();
        tier.remove(&removals).await?;
        for (n, (key, stored)) in keys.iter().zip(tier.get(&keys).await?).enumerate() {
            let expected = [Some("kept"), Some("†"), None][n % 3];
            assert_eq!(text(key, stored.as_ref()).as_deref(), expected, "{driver}, key {n}");
            if let Some(left) = stored.map(|stored| stored.remaining) {
                assert!(left.is_some_and(|left| left > Duration::from_secs(15)), "{driver}: {left:?}");
            }
        }
        let again: Vec<_> = keys.iter().map(|key| fill(key, "again", stamp(2))).collect();
        for (n, outcome) in tier.put(&again).await?.into_iter().enumerate() {
            assert_eq!(outcome == Outcome::Refused, n % 3 == 1, "{driver}, key {n}");
        }
        assert!(tier.get(&[]).await?.is_empty() && tier.put(&[]).await?.is_empty(), "{driver}");
        tier.remove(&[]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_one_writes_the_other_reads_and_respects() -> Result<()> {
    let drivers = all(&shared().await.redis_url()).await?;
    for (writer, from) in &drivers {
        for (reader, to) in &drivers {
            let key = Bytes::from(shared().await.key_prefix("shared"));
            from.put(&[fill(&key, writer, stamp(5))]).await?;
            let stored = to.get(std::slice::from_ref(&key)).await?.remove(0);
            assert_eq!(text(&key, stored.as_ref()).as_deref(), Some(*writer), "read by {reader}");
            from.remove(&[removal(&key, stamp(6))]).await?;
            assert_eq!(to.put(&[fill(&key, "late", stamp(5))]).await?, [Outcome::Refused], "{reader}");
            let mut endless = fill(&key, "new", stamp(6));
            endless.keep = None;
            assert_eq!(to.put(&[endless]).await?, [Outcome::Stored], "{reader}");
            assert_eq!(
                from.get(std::slice::from_ref(&key)).await?[0].clone().context(*reader)?.remaining,
                None
            );
            from.remove(&[removal(&key, stamp(7))]).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_comes_back_empty_is_used_again() -> Result<()> {
    let redis = Redis::start().await?;
    for (driver, tier) in all(&redis.url()).await? {
        let key = Bytes::from("key");
        // The one before it had the server killed.
        connected(&*tier).await;
        tier.put(&[fill(&key, "text", stamp(2))]).await?;
        redis.kill();
        until("it fails", async || tier.get(std::slice::from_ref(&key)).await.is_err()).await;
        redis.restart().await?;
        connected(&*tier).await;
        assert_eq!(tier.put(&[fill(&key, "text", stamp(2))]).await?, [Outcome::Stored], "{driver}");
        assert_eq!(tier.put(&[fill(&key, "text", stamp(1))]).await?, [Outcome::Refused], "{driver}");
        tier.remove(&[removal(&key, stamp(3))]).await?;
        redis.command("FLUSHALL").await?;
    }
    Ok(())
}

/// Every later answer belongs to its key, whenever the callers before gave up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_dropped_calls() -> Result<()> {
    for (driver, tier) in all(&shared().await.redis_url()).await? {
        dropped_calls(driver, &*tier, &shared().await.key_prefix("dropped"), 10_000).await?;
    }
    Ok(())
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_dropped_calls_of_a_cluster() -> Result<()> {
    use forebay_cache::fred10::{RedisConfig, RedisTier};
    let cluster = forebay_tests::RedisCluster::start().await?;
    let command_timeout = Duration::from_secs(5);
    let tier = RedisTier::connect(&RedisConfig { command_timeout, ..RedisConfig::from_url(cluster.url()) })?;
    connected(&tier).await;
    dropped_calls("fred, cluster", &tier, "dropped", 10_000).await
}

pub(crate) async fn dropped_calls(driver: &str, tier: &dyn Tier, prefix: &str, rounds: usize) -> Result<()> {
    let keys: Vec<Bytes> = (0..64).map(|n| Bytes::from(format!("{prefix}:{n}"))).collect();
    let mut fills: Vec<_> =
        keys.iter().enumerate().map(|(n, key)| fill(key, &n.to_string(), stamp(1))).collect();
    // However long this takes.
    fills.iter_mut().for_each(|fill| fill.keep = None);
    tier.put(&fills).await?;
    let mut random = StdRng::seed_from_u64(7);
    let mut dropped = 0;
    for round in 0..rounds {
        let first = random.random_range(0..keys.len() - 8);
        let some = first..first + random.random_range(1..8);
        let polls = random.random_range(1..6);
        let gave_up = match round % 3 {
            0 => give_up(tier.put(&fills[some]), polls).await.is_none(),
            _ => give_up(tier.get(&keys[some]), polls).await.is_none(),
        };
        dropped += usize::from(gave_up);
        if round % 16 == 0 {
            let n = random.random_range(0..keys.len());
            let stored = tier.get(&keys[n..=n]).await?.remove(0);
            assert_eq!(text(&keys[n], stored.as_ref()), Some(n.to_string()), "{driver}, round {round}");
        }
    }
    assert!(dropped > rounds / 8, "{driver}: only {dropped} calls were dropped");
    for (n, stored) in tier.get(&keys).await?.iter().enumerate() {
        assert_eq!(text(&keys[n], stored.as_ref()), Some(n.to_string()), "{driver}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_with_odd_braces_is_not_leased() -> Result<()> {
    for (driver, tier) in all(&shared().await.redis_url()).await? {
        let leases = tier.leases().context("it leases")?;
        let odd = Bytes::from(format!("{}{{}}", shared().await.key_prefix("braces")));
        assert_eq!(leases.get_or_lease(&odd, &ask()).await?.state, LeaseState::Unavailable, "{driver}");
    }
    Ok(())
}
