//! The tiers on Redis, by driver: what holds for one holds for all.

use crate::fixture::connected;
use anyhow::Result;
use forebay_cache::Tier;
#[cfg(feature = "redis")]
use forebay_cache::fred10;
#[cfg(feature = "redis-rs")]
use forebay_cache::redis1;
use std::time::Duration;

/// Every driver, connected to the server at `url`.
pub(crate) async fn all(url: &str) -> Result<Vec<(&'static str, Box<dyn Tier>)>> {
    let mut drivers: Vec<(&'static str, Box<dyn Tier>)> = Vec::new();
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
