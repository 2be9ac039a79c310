//! A Memcached that is away costs a bounded time, and is used again when it is back.

use crate::fixture::{connected, fill, stamp, until};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Tier,
    memcache021::{MemcachedConfig, MemcachedTier},
};
use forebay_tests::{FaultProxy, Memcached};
use std::time::Duration;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn away_at_the_start_and_restarted() -> Result<()> {
    let memcached = Memcached::start().await?;
    memcached.kill();
    let tier = MemcachedTier::connect(MemcachedConfig::of([memcached.addr()]))?;
    let key = Bytes::from("key");
    assert!(tier.get(std::slice::from_ref(&key)).await.is_err());
    memcached.restart().await?;
    connected(&tier).await;
    tier.put(&[fill(&key, "text", stamp(1))]).await?;
    memcached.kill();
    until("it fails", async || tier.get(std::slice::from_ref(&key)).await.is_err()).await;
    memcached.restart().await?;
    connected(&tier).await;
    assert_eq!(tier.get(&[key]).await?, [None]);
    Ok(())
}

#[tokio::test]
async fn a_black_hole_and_a_frozen_server_cost_the_timeout() -> Result<()> {
    let memcached = Memcached::start().await?;
    let proxy = FaultProxy::start(&memcached.addr()).await?;
    let tier = MemcachedTier::connect(MemcachedConfig::of([proxy.addr()]))?;
    connected(&tier).await;
    let key = [Bytes::from("key")];
    proxy.black_hole();
    assert!(timeout(LONG, tier.get(&key)).await.expect("bounded").is_err());
    proxy.heal();
    connected(&tier).await;
    memcached.stop();
    assert!(timeout(LONG, tier.get(&key)).await.expect("bounded").is_err());
    memcached.resume();
    connected(&tier).await;
    Ok(())
}

#[test]
fn configuration_is_checked() {
    let refused = |config: MemcachedConfig| MemcachedTier::connect(config).is_err();
    assert!(!refused(MemcachedConfig::default()));
    for server in ["localhost", ":11211", "localhost:0", "localhost:x", "memcache://localhost:11211", ""] {
        assert!(refused(MemcachedConfig::of([server])), "{server}");
    }
    assert!(refused(MemcachedConfig::of::<String>([])));
    assert!(refused(MemcachedConfig { command_timeout: Duration::ZERO, ..MemcachedConfig::default() }));
}
