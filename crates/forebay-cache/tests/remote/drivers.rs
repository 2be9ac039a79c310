//! Tiers by driver: what holds for one holds for all.

use crate::fixture::connected;
use anyhow::Result;
use forebay_cache::Tier;
#[cfg(feature = "redis")]
use forebay_cache::fred10;
#[cfg(feature = "memcached")]
use forebay_cache::memcache021::{MemcachedConfig, MemcachedTier};
#[cfg(feature = "redis-rs")]
use forebay_cache::redis1;
use forebay_tests::shared;
use std::time::Duration;

/// A tier, and what it is called in a message.
pub(crate) type Driver = (&'static str, Box<dyn Tier>);

/// Every driver on Redis, connected to the server at `url`.
#[cfg(any(feature = "redis", feature = "redis-rs"))]
pub(crate) async fn all(url: &str) -> Result<Vec<Driver>> {
    let mut drivers: Vec<Driver> = Vec::new();
    #[cfg(feature = "redis")]
    {
        let config = fred10::RedisConfig {
            command_timeout: Duration::from_secs(5),
            ..fred10::RedisConfig::from_url(url)
        };
        drivers.push(("fred", Box::new(fred10::RedisTier::connect(&config)?)));
    }
    #[cfg(feature = "redis-rs")]
    {
        let settings =
            redis::aio::ConnectionManagerConfig::new().set_response_timeout(Some(Duration::from_secs(5)));
        let client = redis::Client::open(url)?;
        let manager = redis::aio::ConnectionManager::new_with_config(client, settings).await?;
        drivers.push(("redis-rs", Box::new(redis1::RedisTier::from_connection(manager))));
    }
    for (_, tier) in &drivers {
        connected(&**tier).await;
    }
    Ok(drivers)
}

/// Every tier that leases keys, in groups of those that share what they keep.
pub(crate) async fn leasing() -> Result<Vec<Vec<Driver>>> {
    let mut groups = Vec::new();
    #[cfg(any(feature = "redis", feature = "redis-rs"))]
    groups.push(all(&shared().await.redis_url()).await?);
    #[cfg(feature = "memcached")]
    {
        let config = MemcachedConfig {
            command_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            ..MemcachedConfig::of([shared().await.memcached_addr()])
        };
        let here: Box<dyn Tier> = Box::new(MemcachedTier::connect(config.clone())?);
        let there: Box<dyn Tier> = Box::new(MemcachedTier::connect(config)?);
        groups.push(vec![("memcached here", here), ("memcached there", there)]);
    }
    Ok(groups)
}
