//! Entries may come from a replica that lags: what was invalidated meanwhile is not served, because the primary is asked.

use crate::fixture::{connected, fill, stamp, text, until};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Cache, GuardedTier, Namespace, Tier, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::{FaultProxy, Redis, RedisCluster, RedisSpec};
use std::{sync::Arc, time::Duration};

/// A replica whose link to its primary can be cut.
struct Pair {
    primary: Redis,
    link: FaultProxy,
    replica: Redis,
}

impl Pair {
    async fn start() -> Result<Self> {
        let primary = Redis::start().await?;
        let link = FaultProxy::start(&primary.addr()).await?;
        let url = link.url_for("redis");
        let port = url.rsplit(':').next().expect("a port").to_owned();
        let spec = RedisSpec::default().arguments(["--replicaof".to_owned(), "127.0.0.1".to_owned(), port]);
        let pair = Self { primary, link, replica: Redis::start_with(spec).await? };
        until("the replica follows", async || {
            let info = pair.replica.command("INFO replication").await.unwrap_or_default();
            info.contains("master_link_status:up")
        })
        .await;
        Ok(pair)
    }

    fn config(&self) -> RedisConfig {
        RedisConfig {
            replica_urls: vec![self.replica.url()],
            command_timeout: Duration::from_secs(5),
            ..RedisConfig::from_url(self.primary.url())
        }
    }

    async fn replica_has(&self, key: &str) -> bool {
        self.replica.command(&format!("EXISTS {key}")).await.is_ok_and(|exists| exists == "1")
    }
}

#[tokio::test]
async fn entries_come_from_the_replica_and_from_the_primary_when_it_is_away() -> Result<()> {
    let pair = Pair::start().await?;
    let tier = RedisTier::connect(&pair.config())?;
    // The replica may answer before the primary is connected.
    until("the primary is connected", async || tier.is_connected()).await;
    let key = Bytes::from("key");
    tier.put(&[fill(&key, "text", stamp(1))]).await?;
    until("the replica has it", async || pair.replica_has("key").await).await;
    let served = async || -> Result<u64> {
        let info = pair.replica.command("INFO stats").await?;
        let hits = info.lines().find_map(|line| line.strip_prefix("keyspace_hits:")).unwrap_or("0");
        Ok(hits.trim().parse()?)
    };
    until("the replica is asked", async || {
        let before = served().await.unwrap_or(0);
        let stored = tier.get(std::slice::from_ref(&key)).await.expect("an answer").remove(0);
        assert_eq!(text(&key, stored.as_ref()).as_deref(), Some("text"));
        served().await.unwrap_or(0) > before
    })
    .await;
    pair.replica.kill();
    for _ in 0..20 {
        let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0);
        assert_eq!(text(&key, stored.as_ref()).as_deref(), Some("text"), "the primary has it");
    }
    tier.shutdown().await;
    Ok(())
}

async fn member(config: &RedisConfig) -> Result<(Namespace, Cache<u64, String>)> {
    let chain = SequencerConfig { heartbeat: Duration::from_millis(100), ..SequencerConfig::of("shop") };
    let guard = TierConfig { deadline: Duration::from_secs(5), ..TierConfig::default() };
    let tier = Arc::new(RedisTier::connect(config)?);
    connected(&*tier).await;
    let space = Namespace::builder("shop")
        .sequencer(Arc::new(RedisSequencer::connect(config, chain)?))
        .tier(GuardedTier::new(tier, &guard, &Meter::disabled())?)
        .issue_deadline(Duration::from_secs(5))
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    let words = Cache::builder("words").namespace(&space).meter(&Meter::disabled()).shared().build()?;
    Ok((space, words))
}

#[tokio::test]
async fn a_replica_that_lags_does_not_serve_what_was_invalidated() -> Result<()> {
    let pair = Pair::start().await?;
    let (_space, here) = member(&pair.config()).await?;
    assert_eq!(here.get_or_load(&7, async || "old".to_owned()).await, "old");
    until("the replica has the entry", async || {
        pair.replica.command("DBSIZE").await.is_ok_and(|size| size.parse::<u64>().unwrap_or(0) >= 1)
            && pair.replica.command("KEYS shop:words:*").await.is_ok_and(|keys| !keys.is_empty())
    })
    .await;
    // From now on the replica hears nothing, and still has the old entry.
    pair.link.refuse();
    pair.link.cut_now();
    here.invalidate(&7).await;
    assert_eq!(here.get_or_load(&7, async || "new".to_owned()).await, "new", "who followed knows");
    // One that joins later knows nothing and has to ask.
    let (_later, there) = member(&pair.config()).await?;
    assert!(!pair.replica.command("KEYS shop:words:*").await?.is_empty(), "it is still there");
    assert_eq!(there.get_or_load(&7, async || "newer".to_owned()).await, "newer", "the primary is asked");
    Ok(())
}

#[tokio::test]
async fn a_cluster_knows_its_replicas() -> Result<()> {
    let cluster = RedisCluster::start_with_replicas().await?;
    let config = RedisConfig {
        read_from_replicas: true,
        command_timeout: Duration::from_secs(5),
        ..RedisConfig::from_url(cluster.url())
    };
    let tier = RedisTier::connect(&config)?;
    connected(&tier).await;
    let keys: Vec<Bytes> = (0..60).map(|n| Bytes::from(format!("key:{n}"))).collect();
    let fills: Vec<_> = keys.iter().enumerate().map(|(n, key)| fill(key, &n.to_string(), stamp(1))).collect();
    tier.put(&fills).await?;
    until("the replicas answer", async || {
        let found = tier.get(&keys).await.expect("an answer");
        for (n, (key, stored)) in keys.iter().zip(&found).enumerate() {
            let found = text(key, stored.as_ref());
            assert!(found.is_none() || found == Some(n.to_string()), "key {n}: {found:?}");
        }
        let mut served = 0;
        for replica in &cluster.nodes()[3..] {
            let info = replica.command("INFO stats").await.unwrap_or_default();
            let hits = info.lines().find_map(|line| line.strip_prefix("keyspace_hits:"));
            served += usize::from(hits.is_some_and(|hits| hits.trim() != "0"));
        }
        served == 3 && found.iter().all(Option::is_some)
    })
    .await;
    Ok(())
}
