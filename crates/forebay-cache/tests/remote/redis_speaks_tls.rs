//! `rediss://`: the server's certificate is checked against the authorities one names.

use crate::chain::{joined, tag};
use crate::fixture::{connected, fill, stamp, text, until};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Sequencer, Tier,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_tests::{Redis, RedisSpec};
use std::time::Duration;

#[tokio::test]
async fn an_authority_of_ones_own() -> Result<()> {
    let redis = Redis::start_with(RedisSpec::default().tls()).await?;
    let config = RedisConfig {
        tls_ca: Some(redis.authority().to_owned()),
        command_timeout: Duration::from_secs(2),
        ..RedisConfig::from_url(redis.tls_url())
    };
    let tier = RedisTier::connect(&config)?;
    connected(&tier).await;
    let key = Bytes::from("key");
    tier.put(&[fill(&key, "sealed", stamp(1))]).await?;
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0);
    assert_eq!(text(&key, stored.as_ref()).as_deref(), Some("sealed"));
    let node = RedisSequencer::connect(&config, SequencerConfig::of("shop"))?;
    joined(&node).await;
    node.issue(&tag("user:7")).await?;
    until("it listens", async || node.is_connected()).await;
    Ok(())
}

#[tokio::test]
async fn an_authority_nobody_named() -> Result<()> {
    let redis = Redis::start_with(RedisSpec::default().tls()).await?;
    let other = Redis::start_with(RedisSpec::default().tls()).await?;
    let trusting_another = RedisConfig {
        tls_ca: Some(other.authority().to_owned()),
        reconnect_delay_max: Duration::from_millis(20),
        ..RedisConfig::from_url(redis.tls_url())
    };
    let tier = RedisTier::connect(&trusting_another)?;
    // The server says how many tried in vain.
    until("it was tried", async || {
        let info = redis.command("INFO stats").await.unwrap_or_default();
        let tried = info.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        tried.and_then(|tried| tried.trim().parse::<u64>().ok()).unwrap_or(0) > 20
    })
    .await;
    assert!(!tier.is_connected());
    assert!(tier.get(&[Bytes::from("key")]).await.is_err());
    Ok(())
}
