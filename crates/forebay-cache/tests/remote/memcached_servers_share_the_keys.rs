//! Several Memcached servers: each has some of the keys, and one that dies takes its keys with it and nothing else.

use crate::fixture::{ask, fill, removal, stamp, text};
use anyhow::{Context, Result};
use bytes::Bytes;
use forebay_cache::{
    LeaseAsk, LeaseState, LeaseTier, Outcome, Tier,
    memcache021::{MemcachedConfig, MemcachedTier},
};
use forebay_tests::{FaultProxy, Memcached, eventually};
use std::time::Duration;

fn config(servers: &[Memcached]) -> MemcachedConfig {
    let slow = Duration::from_secs(5);
    MemcachedConfig {
        command_timeout: slow,
        connect_timeout: slow,
        ..MemcachedConfig::of(servers.iter().map(|server| server.addr()))
    }
}

async fn three() -> Result<Vec<Memcached>> {
    Ok(vec![Memcached::start().await?, Memcached::start().await?, Memcached::start().await?])
}

#[tokio::test]
async fn a_dead_server_is_misses() -> Result<()> {
    let servers = three().await?;
    let tier = MemcachedTier::connect(config(&servers))?;
    let keys: Vec<Bytes> = (0..120).map(|n| Bytes::from(format!("key:{n}"))).collect();
    let fills: Vec<_> = keys.iter().enumerate().map(|(n, key)| fill(key, &n.to_string(), stamp(2))).collect();
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; 120]);
    servers[1].kill();

    let hits = async || -> Result<usize> {
        let mut hits = 0;
        for (n, (key, stored)) in keys.iter().zip(tier.get(&keys).await?).enumerate() {
            let found = text(key, stored.as_ref());
            assert!(found.is_none() || found == Some(n.to_string()), "key {n}: {found:?}");
            hits += usize::from(found.is_some());
        }
        Ok(hits)
    };
    let left = hits().await?;
    assert!((40..=110).contains(&left), "a third of the keys is gone, more or less: {left}");
    assert_eq!(hits().await?, left, "the others keep theirs");

    servers[1].restart().await?;
    eventually("it is used again", async || {
        tier.put(&fills).await.is_ok_and(|o| o == [Outcome::Stored; 120])
    })
    .await;
    assert_eq!(hits().await?, 120);
    Ok(())
}

#[tokio::test]
async fn every_node_finds_a_key_on_the_same_server() -> Result<()> {
    let servers = three().await?;
    let (here, there) =
        (MemcachedTier::connect(config(&servers))?, MemcachedTier::connect(config(&servers))?);
    let keys: Vec<Bytes> = (0..60).map(|n| Bytes::from(format!("key:{n}"))).collect();
    let fills: Vec<_> = keys.iter().map(|key| fill(key, "text", stamp(2))).collect();
    here.put(&fills).await?;
    assert!(there.get(&keys).await?.iter().all(Option::is_some));
    let removals: Vec<_> = keys.iter().map(|key| removal(key, stamp(3))).collect();
    there.remove(&removals).await?;
    assert_eq!(here.put(&fills).await?, vec![Outcome::Refused; 60]);
    // Each server has a part of them.
    for server in &servers {
        let alone = MemcachedTier::connect(MemcachedConfig::of([server.addr()]))?;
        let has =
            alone.get(&keys).await.context(server.addr())?.iter().filter(|stored| stored.is_some()).count();
        assert!((5..=40).contains(&has), "{} has {has}", server.addr());
    }
    Ok(())
}

/// The lease of a key may be on another server than its entry, which is then read before the one who loaded it stored it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_granted_a_lease_has_seen_what_the_one_before_stored() -> Result<()> {
    let servers = three().await?;
    let (mut proxies, mut alone, mut through) = (Vec::new(), Vec::new(), config(&servers));
    for server in &servers {
        proxies.push(FaultProxy::start(&server.addr()).await?);
        alone.push(MemcachedTier::connect(MemcachedConfig::of([server.addr()]))?);
    }
    through.servers = proxies.iter().map(FaultProxy::addr).collect();
    let tier = MemcachedTier::connect(through)?;
    for key in (0..).map(|n| Bytes::from(format!("key:{n}"))) {
        let useless = || LeaseAsk { always: true, ..ask() };
        let (own, next) = (useless(), useless());
        tier.put(&[fill(&key, "old", stamp(2))]).await?;
        assert_eq!(tier.get_or_lease(&key, &own).await?.state, LeaseState::Granted);
        let (mut entry_at, mut lease_at) = (0, 0);
        for (at, alone) in alone.iter().enumerate() {
            if alone.get(std::slice::from_ref(&key)).await?[0].is_some() {
                entry_at = at;
            }
            if alone.renew(&key, own.token, own.hold).await? {
                lease_at = at;
            }
        }
        if entry_at == lease_at {
            continue;
        }
        let before = proxies[entry_at].round_trips();
        proxies[lease_at].black_hole();
        let stores = async {
            eventually("it has asked for the entry", async || proxies[entry_at].round_trips() > before).await;
            alone[entry_at].put(&[fill(&key, "new", stamp(3))]).await?;
            alone[lease_at].release(&key, own.token, None).await?;
            proxies[lease_at].heal();
            Ok(())
        };
        let (answer, ()) = tokio::try_join!(tier.get_or_lease(&key, &next), stores)?;
        assert_eq!(answer.state, LeaseState::Granted);
        assert_eq!(text(&key, answer.stored.as_ref()).as_deref(), Some("new"));
        return Ok(());
    }
    Ok(())
}
