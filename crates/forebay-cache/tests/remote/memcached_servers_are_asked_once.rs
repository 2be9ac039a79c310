//! With several Memcached servers a batch costs one round trip for each, all at once.

use crate::fixture::{fill, removal, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Outcome, Tier,
    memcache021::{MemcachedConfig, MemcachedTier},
};
use forebay_tests::{FaultProxy, Memcached};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_keys_are_one_round_trip_for_each_server() -> Result<()> {
    let servers = [Memcached::start().await?, Memcached::start().await?, Memcached::start().await?];
    let mut proxies = Vec::new();
    for server in &servers {
        proxies.push(FaultProxy::start(&server.addr()).await?);
    }
    let tier = MemcachedTier::connect(MemcachedConfig {
        command_timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        ..MemcachedConfig::of(proxies.iter().map(FaultProxy::addr))
    })?;
    let mut before = vec![0; proxies.len()];
    let mut trips = || {
        let now: Vec<u64> = proxies.iter().map(FaultProxy::round_trips).collect();
        let since: Vec<u64> = now.iter().zip(&before).map(|(now, before)| now - before).collect();
        before = now;
        since
    };
    let keys: Vec<Bytes> = (0..100).map(|n| Bytes::from(format!("shop:words:{n}"))).collect();
    assert!(tier.get(&keys).await?.iter().all(Option::is_none));
    assert_eq!(trips(), [1, 1, 1], "misses");
    let fills: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(2))).collect();
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; 100]);
    assert_eq!(trips(), [1, 1, 1], "fills where there is nothing");
    for (key, stored) in keys.iter().zip(tier.get(&keys).await?) {
        assert_eq!(text(key, stored.as_ref()).as_deref(), Some("text"));
    }
    assert_eq!(trips(), [1, 1, 1], "hits");
    let removals: Vec<_> = keys.iter().map(|key| removal(key, stamp(3))).collect();
    tier.remove(&removals).await?;
    assert_eq!(trips(), [2, 2, 2], "read, and replaced if it is still the same");
    Ok(())
}
