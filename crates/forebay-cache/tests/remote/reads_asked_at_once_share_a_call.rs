//! Reads that are asked for at the same moment go to their server together, and each gets the answer to its own key.

use crate::fixture::{fill, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::Tier;
use futures_util::future::join_all;

const KEYS: usize = 64;

/// All of `KEYS` keys, each asked for on its own by a caller of its own.
async fn read_at_once(tier: &dyn Tier) -> Result<()> {
    let keys: Vec<Bytes> = (0..KEYS).map(|n| Bytes::from(format!("at:once:{n}"))).collect();
    let fills: Vec<_> = keys.iter().enumerate().map(|(n, key)| fill(key, &n.to_string(), stamp(1))).collect();
    tier.put(&fills).await?;
    let found = join_all(keys.iter().map(|key| tier.get(std::slice::from_ref(key)))).await;
    for (n, (key, stored)) in keys.iter().zip(found).enumerate() {
        assert_eq!(text(key, stored?[0].as_ref()), Some(n.to_string()));
    }
    Ok(())
}

#[cfg(feature = "redis")]
mod redis {
    use super::read_at_once;
    use crate::fixture::{connected, fill, fill_for, stamp, text};
    use anyhow::Result;
    use bytes::Bytes;
    use forebay_cache::{
        Tier,
        fred10::{RedisConfig, RedisTier},
    };
    use forebay_tests::Redis;
    use futures_util::poll;
    use std::{pin::pin, time::Duration};

    async fn tier(redis: &Redis) -> Result<RedisTier> {
        let config =
            RedisConfig { command_timeout: Duration::from_secs(5), ..RedisConfig::from_url(redis.url()) };
        let tier = RedisTier::connect(&config)?;
        connected(&tier).await;
        Ok(tier)
    }

    async fn calls(redis: &Redis, command: &str) -> Result<u64> {
        let stats = redis.command("INFO commandstats").await?;
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        Ok(line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0))
    }

    #[tokio::test]
    async fn of_redis() -> Result<()> {
        let redis = Redis::start().await?;
        let tier = tier(&redis).await?;
        let before = calls(&redis, "get").await? + calls(&redis, "mget").await?;
        read_at_once(&tier).await?;
        let asked = calls(&redis, "get").await? + calls(&redis, "mget").await? - before;
        assert!(asked <= 3, "{asked} calls");
        Ok(())
    }

    #[tokio::test]
    async fn who_waits_for_a_caller_that_gives_up_asks_alone() -> Result<()> {
        let redis = Redis::start().await?;
        let tier = tier(&redis).await?;
        let keys: Vec<Bytes> = (0..3).map(|n| Bytes::from(format!("give:up:{n}"))).collect();
        let fills: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(1))).collect();
        tier.put(&fills).await?;
        let mut alone = pin!(tier.get(&keys[..1]));
        let mut leader = Box::pin(tier.get(&keys[1..2]));
        let mut follower = pin!(tier.get(&keys[2..]));
        assert!(poll!(&mut alone).is_pending() && poll!(&mut leader).is_pending());
        assert!(poll!(&mut follower).is_pending());
        drop(leader);
        assert_eq!(text(&keys[2], follower.await?[0].as_ref()).as_deref(), Some("text"));
        assert_eq!(text(&keys[0], alone.await?[0].as_ref()).as_deref(), Some("text"));
        Ok(())
    }

    #[tokio::test]
    async fn entries_without_a_limit_are_not_asked_for_their_time() -> Result<()> {
        let redis = Redis::start().await?;
        let tier = tier(&redis).await?;
        let (endless, limited) = (Bytes::from("shop:user:7"), Bytes::from("shop:user:8"));
        let fills = [fill_for(None, &endless, "endless", stamp(1)), fill(&limited, "limited", stamp(1))];
        tier.put(&fills).await?;
        let remaining = async |key: &Bytes| -> Result<Option<Duration>> {
            let stored = tier.get(std::slice::from_ref(key)).await?.remove(0);
            Ok(stored.expect("it is there").remaining)
        };
        for _ in 0..200 {
            assert_eq!(remaining(&endless).await?, None);
        }
        let asked = calls(&redis, "pttl").await?;
        for _ in 0..20 {
            assert_eq!(remaining(&endless).await?, None);
        }
        assert_eq!(calls(&redis, "pttl").await?, asked, "nobody has to ask");
        // A wrong guess is found out, by the entry itself.
        let left = remaining(&limited).await?.expect("it has a limit");
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(20), "{left:?}");
        assert_eq!(calls(&redis, "pttl").await?, asked + 1);
        assert!(remaining(&limited).await?.is_some());
        Ok(())
    }

    #[tokio::test]
    async fn what_is_no_string_is_nothing() -> Result<()> {
        let redis = Redis::start().await?;
        let tier = tier(&redis).await?;
        redis.command("RPUSH shop:list:1 word").await?;
        assert_eq!(tier.get(&[Bytes::from("shop:list:1")]).await?, [None]);
        assert_eq!(tier.get(&[Bytes::from("shop:list:1"), Bytes::from("none")]).await?, [None, None]);
        Ok(())
    }
}

#[cfg(feature = "memcached")]
#[tokio::test]
async fn of_memcached() -> Result<()> {
    use forebay_cache::memcache021::{MemcachedConfig, MemcachedTier};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let memcached = forebay_tests::Memcached::start().await?;
    let opened = async || -> Result<u64> {
        let mut raw = tokio::net::TcpStream::connect(memcached.addr()).await?;
        raw.write_all(b"stats\r\nquit\r\n").await?;
        let mut stats = String::new();
        raw.read_to_string(&mut stats).await?;
        let line = stats.lines().find_map(|line| line.strip_prefix("STAT total_connections "));
        Ok(line.expect("it is told").trim().parse()?)
    };
    let slow = std::time::Duration::from_secs(5);
    let tier = MemcachedTier::connect(MemcachedConfig {
        command_timeout: slow,
        connect_timeout: slow,
        ..MemcachedConfig::of([memcached.addr()])
    })?;
    let before = opened().await?;
    read_at_once(&tier).await?;
    let connections = opened().await? - before;
    // One of them was to count.
    assert!(connections <= 4, "{connections} connections for {KEYS} reads");
    Ok(())
}
