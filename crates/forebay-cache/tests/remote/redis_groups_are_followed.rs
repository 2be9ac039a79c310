//! Sentinels and clusters by URL: batches, the chain and the bus work on them, and go on after a primary was lost.

use crate::chain::{event, hear, interrupted, joined, mark_of, tag};
use crate::fixture::{connected, fill, removal, stamp, text, until};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Mark, Outcome, Sequencer, Tier,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_tests::{RedisCluster, RedisSentinel};
use std::time::Duration;

fn patient(url: &str) -> RedisConfig {
    RedisConfig {
        command_timeout: Duration::from_secs(2),
        reconnect_delay_max: Duration::from_millis(100),
        ..RedisConfig::from_url(url)
    }
}

fn node(url: &str, namespace: &str) -> Result<RedisSequencer> {
    let chain = SequencerConfig { heartbeat: Duration::from_millis(100), ..SequencerConfig::of(namespace) };
    Ok(RedisSequencer::connect(&patient(url), chain)?)
}

/// Numbers go on from one node to the other, over the bus.
async fn talk(here: &RedisSequencer, there: &RedisSequencer, word: &str) -> Result<Mark> {
    let mut issued = None;
    until("an invalidation is numbered", async || {
        issued = here.issue(&tag(word)).await.ok();
        issued.is_some()
    })
    .await;
    let issued = issued.expect("it was");
    // Its own event reaches the listener, or the listener hears that it missed something and asks.
    let mut known = joined(there).await.end;
    until("the other node stands where this one is", async || {
        known = there.missed(None).await.map_or(known, |missed| missed.end);
        known.stamp >= issued.stamp
    })
    .await;
    Ok(mark_of(&issued))
}

async fn batches(tier: &RedisTier, prefix: &str) -> Result<()> {
    let keys: Vec<Bytes> = (0..120).map(|n| Bytes::from(format!("{prefix}:{n}"))).collect();
    let fills: Vec<_> = keys.iter().enumerate().map(|(n, key)| fill(key, &n.to_string(), stamp(2))).collect();
    assert_eq!(tier.put(&fills).await?, vec![Outcome::Stored; 120]);
    let removals: Vec<_> = keys.iter().step_by(3).map(|key| removal(key, stamp(3))).collect();
    tier.remove(&removals).await?;
    for (n, (key, stored)) in keys.iter().zip(tier.get(&keys).await?).enumerate() {
        let expected = if n % 3 == 0 { "†".to_owned() } else { n.to_string() };
        assert_eq!(text(key, stored.as_ref()), Some(expected), "key {n}");
    }
    Ok(())
}

/// [`batches`] until they work: each time of their own, as one that failed half-way leaves tombstones.
async fn again(tier: &RedisTier, prefix: &str) {
    let mut tries = 0;
    until("the tier reads and writes again", async || {
        tries += 1;
        batches(tier, &format!("{prefix}:{tries}")).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster() -> Result<()> {
    let cluster = RedisCluster::start().await?;
    let tier = RedisTier::connect(&patient(&cluster.url()))?;
    connected(&tier).await;
    batches(&tier, "batch").await?;
    let nodes = [node(&cluster.url(), "shop")?, node(&cluster.url(), "shop")?];
    for node in &nodes {
        joined(node).await;
        hear(node, interrupted).await;
    }
    until("both listen", async || nodes.iter().all(RedisSequencer::is_connected)).await;
    let issued = nodes[0].issue(&tag("user:7")).await?;
    assert_eq!(hear(&nodes[1], event).await, issued, "over the bus");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_whose_primaries_change() -> Result<()> {
    let cluster = RedisCluster::start_with_replicas().await?;
    let tier = RedisTier::connect(&patient(&cluster.url()))?;
    let nodes = [node(&cluster.url(), "shop")?, node(&cluster.url(), "shop")?];
    connected(&tier).await;
    for node in &nodes {
        joined(node).await;
    }
    let first = talk(&nodes[0], &nodes[1], "before").await?;
    let owner = cluster.owner("forebay:{shop}:chain").await?;
    cluster.promote(owner).await?;
    let second = talk(&nodes[0], &nodes[1], "promoted").await?;
    assert!(second.stamp > first.stamp);
    let missed = nodes[1].missed(Some(first)).await?;
    assert!(missed.complete, "nothing was lost in an orderly change");
    assert!(
        missed.earlier.iter().any(|last| last.epoch == first.stamp.epoch),
        "what was stored before is valid"
    );
    let other = (owner + 1) % 3;
    cluster.fail_over(other).await?;
    again(&tier, "after").await;
    talk(&nodes[1], &nodes[0], "failed over").await?;
    let last = talk(&nodes[1], &nodes[0], "once more").await?;
    until("the bus is proven again", async || nodes.iter().all(RedisSequencer::is_connected)).await;
    assert!(last.stamp > second.stamp);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels() -> Result<()> {
    let group = RedisSentinel::start().await?;
    let tier = RedisTier::connect(&patient(&group.url()))?;
    let nodes = [node(&group.url(), "shop")?, node(&group.url(), "shop")?];
    connected(&tier).await;
    batches(&tier, "before").await?;
    for node in &nodes {
        joined(node).await;
    }
    let first = talk(&nodes[0], &nodes[1], "before").await?;
    group.promote().await?;
    again(&tier, "promoted").await;
    let second = talk(&nodes[0], &nodes[1], "promoted").await?;
    assert!(second.stamp > first.stamp);
    group.fail_over().await?;
    again(&tier, "failed over").await;
    let last = talk(&nodes[1], &nodes[0], "failed over").await?;
    assert!(last.stamp > second.stamp);
    Ok(())
}
