//! Three processes over a real Redis that fails: the rule holds for everything they recorded, and afterwards each of them reads
//! the newest version of every row without another write.
//!
//! Each test runs this program again, three times, as [`a_node_of_its_own`], and drives it over its standard input and output. They
//! write and read all the time; what the rows are is told by the test itself, over TCP.
#![cfg(feature = "redis")]

mod processes;

use anyhow::Result;
use forebay_tests::{FaultProxy, Redis, RedisSpec};
use processes::Nodes;

/// What the processes run: a node that does what it is told. Where nobody told it where to find Redis, it says so.
#[tokio::test]
async fn a_node_of_its_own() -> Result<()> {
    if processes::is_told() {
        return processes::node().await;
    }
    let error = processes::node().await.expect_err("it knows of no Redis").to_string();
    assert!(error.contains(processes::REDIS), "{error}");
    Ok(())
}

async fn proxies(redis: &Redis) -> Result<[FaultProxy; 3]> {
    let addr = redis.addr();
    Ok([FaultProxy::start(&addr).await?, FaultProxy::start(&addr).await?, FaultProxy::start(&addr).await?])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_of_them_is_cut_off_and_comes_back() -> Result<()> {
    let redis = Redis::start().await?;
    let proxies = proxies(&redis).await?;
    let mut nodes = Nodes::start(&proxies).await?;
    nodes.work(300).await?;
    proxies[1].refuse();
    nodes.work(300).await?;
    proxies[1].heal();
    nodes.work(300).await?;
    proxies[2].black_hole();
    nodes.work(300).await?;
    proxies[2].heal();
    nodes.judge().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_killed_and_comes_back_empty() -> Result<()> {
    let redis = Redis::start().await?;
    let proxies = proxies(&redis).await?;
    let mut nodes = Nodes::start(&proxies).await?;
    nodes.work(300).await?;
    redis.kill();
    nodes.work(300).await?;
    redis.restart().await?;
    nodes.work(300).await?;
    nodes.judge().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_replica_is_promoted_that_lost_the_newest_writes() -> Result<()> {
    let primary = Redis::start().await?;
    let between = FaultProxy::start(&primary.addr()).await?;
    let addr = between.addr();
    let (host, port) = addr.rsplit_once(':').unwrap_or_default();
    let replica = Redis::start_with(RedisSpec::default().arguments(["--replicaof", host, port])).await?;
    let proxies = proxies(&primary).await?;
    let mut nodes = Nodes::start(&proxies).await?;
    nodes.work(300).await?;
    forebay_tests::eventually("the replica follows", async || {
        replica.command("INFO replication").await.is_ok_and(|info| info.contains("master_link_status:up"))
    })
    .await;
    nodes.work(100).await?;
    between.refuse();
    // What is written from here on is lost.
    nodes.work(300).await?;
    replica.command("REPLICAOF NO ONE").await?;
    for proxy in &proxies {
        proxy.lead_to(&replica.addr());
    }
    nodes.work(300).await?;
    nodes.judge().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_stream_is_trimmed_past_one_that_is_cut_off() -> Result<()> {
    let redis = Redis::start().await?;
    let proxies = proxies(&redis).await?;
    let mut nodes = Nodes::start(&proxies).await?;
    nodes.work(200).await?;
    proxies[1].refuse();
    nodes.work(200).await?;
    redis.command("XTRIM forebay:{shop}:log MAXLEN 0").await?;
    proxies[1].heal();
    nodes.work(200).await?;
    nodes.judge().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_everything_is_flushed() -> Result<()> {
    let redis = Redis::start().await?;
    let proxies = proxies(&redis).await?;
    let mut nodes = Nodes::start(&proxies).await?;
    for _ in 0..3 {
        nodes.work(200).await?;
        redis.command("FLUSHALL").await?;
    }
    nodes.work(200).await?;
    nodes.judge().await
}
