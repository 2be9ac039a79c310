//! The lab's Redis groups: a pair behind sentinels and a cluster, each with a primary that can be lost.

use anyhow::Result;
use forebay_tests::{Redis, RedisCluster, RedisSentinel, RedisSpec};

#[tokio::test]
async fn sentinels_promote_the_replica() -> Result<()> {
    let group = RedisSentinel::start().await?;
    assert!(group.url().starts_with("redis-sentinel://127.0.0.1:"));
    let [primary, replica] = group.servers();
    assert!(primary.command("ROLE").await?.starts_with("master"));
    assert!(replica.command("ROLE").await?.starts_with("slave"));
    group.fail_over().await?;
    assert!(replica.command("ROLE").await?.starts_with("master"));
    Ok(())
}

#[tokio::test]
async fn a_cluster_serves_every_slot_and_hands_over() -> Result<()> {
    let cluster = RedisCluster::start_with_replicas().await?;
    let owner = cluster.owner("key").await?;
    assert!(owner < 3);
    cluster.promote(owner).await?;
    assert_eq!(cluster.owner("key").await?, owner + 3);
    let next = (owner + 1) % 3;
    cluster.fail_over(next).await?;
    assert!(cluster.nodes()[next + 3].command("ROLE").await?.starts_with("master"));
    Ok(())
}

#[tokio::test]
async fn a_server_speaks_tls_beside_plain_text() -> Result<()> {
    let redis = Redis::start_with(RedisSpec::default().tls()).await?;
    assert!(redis.tls_url().starts_with("rediss://localhost:"));
    assert!(std::fs::read_to_string(redis.authority())?.contains("BEGIN CERTIFICATE"));
    assert_eq!(redis.command("PING").await?, "PONG");
    Ok(())
}
