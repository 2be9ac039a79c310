//! A Redis that is away costs a bounded time, and is used again when it is back.

use crate::chain::{joined, tag};
use crate::fixture::{connected, fill, stamp, text, until};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Sequencer, Tier,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_tests::{FaultProxy, Redis};
use fred::{clients::Client, interfaces::ClientLike, prelude::Config};
use std::time::Duration;
use tokio::time::timeout;

/// Far longer than any bound that is tested, far shorter than what TCP would wait.
const LONG: Duration = Duration::from_secs(20);

fn patient(url: String) -> RedisConfig {
    let dead_after = Duration::from_millis(400);
    RedisConfig { dead_after, reconnect_delay_max: Duration::from_millis(50), ..RedisConfig::from_url(url) }
}

#[tokio::test]
async fn away_at_the_start() -> Result<()> {
    let redis = Redis::start().await?;
    redis.kill();
    let tier = RedisTier::connect(&patient(redis.url()))?;
    let sequencer = RedisSequencer::connect(&patient(redis.url()), SequencerConfig::of("shop"))?;
    let key = Bytes::from("key");
    // Waiting for the command timeout each time would take three hours.
    let calls = async {
        for _ in 0..40_000 {
            assert!(tier.get(std::slice::from_ref(&key)).await.is_err());
        }
    };
    timeout(LONG, calls).await.expect("each fails at once");
    assert!(tier.put(&[fill(&key, "text", stamp(1))]).await.is_err());
    assert!(sequencer.issue(&tag("a")).await.is_err());
    assert!(!tier.is_connected() && !sequencer.is_connected());

    redis.restart().await?;
    connected(&tier).await;
    joined(&sequencer).await;
    tier.put(&[fill(&key, "text", stamp(1))]).await?;
    assert_eq!(text(&key, tier.get(std::slice::from_ref(&key)).await?[0].as_ref()).as_deref(), Some("text"));
    sequencer.issue(&tag("a")).await?;
    until("both connections are up", async || tier.is_connected() && sequencer.is_connected()).await;
    Ok(())
}

#[tokio::test]
async fn killed_and_restarted() -> Result<()> {
    let redis = Redis::start().await?;
    let tier = RedisTier::connect(&patient(redis.url()))?;
    let key = [Bytes::from("key")];
    for _ in 0..3 {
        connected(&tier).await;
        redis.kill();
        until("the tier fails", async || tier.get(&key).await.is_err()).await;
        redis.restart().await?;
    }
    connected(&tier).await;
    Ok(())
}

#[tokio::test]
async fn a_black_hole_costs_the_command_timeout() -> Result<()> {
    let redis = Redis::start().await?;
    let proxy = FaultProxy::start(&redis.addr()).await?;
    let tier = RedisTier::connect(&patient(proxy.url_for("redis")))?;
    connected(&tier).await;
    let key = [Bytes::from("key")];
    proxy.black_hole();
    assert!(timeout(LONG, tier.get(&key)).await.expect("bounded").is_err());
    proxy.heal();
    connected(&tier).await;
    Ok(())
}

/// fred counts the silence of a server from the last command it wrote, so a busy client would wait for ever.
#[tokio::test]
async fn a_silent_connection_is_replaced_while_commands_keep_coming() -> Result<()> {
    let redis = Redis::start().await?;
    let proxy = FaultProxy::start(&redis.addr()).await?;
    let tier = RedisTier::connect(&patient(proxy.url_for("redis")))?;
    connected(&tier).await;
    let key = [Bytes::from("key")];
    let large = vec![fill(&Bytes::from("large"), &"x".repeat(900), stamp(1)); 500];
    proxy.black_hole();
    let busy = async {
        loop {
            // Fills the buffers of the socket as well, so that writing blocks.
            let _failed = tokio::join!(tier.get(&key), tier.put(&large));
            tokio::task::yield_now().await;
        }
    };
    let noticed = until("the connection is given up", async || !tier.is_connected());
    tokio::select! {
        () = busy => unreachable!("it never ends"),
        () = noticed => {}
    }
    proxy.heal();
    connected(&tier).await;
    Ok(())
}

#[tokio::test]
async fn a_frozen_server() -> Result<()> {
    let redis = Redis::start().await?;
    let tier = RedisTier::connect(&patient(redis.url()))?;
    connected(&tier).await;
    redis.stop();
    let key = [Bytes::from("key")];
    assert!(timeout(LONG, tier.get(&key)).await.expect("bounded").is_err());
    redis.resume();
    connected(&tier).await;
    Ok(())
}

#[tokio::test]
async fn a_client_of_the_users_own() -> Result<()> {
    let redis = Redis::start().await?;
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    let tier = RedisTier::from_client(client.clone());
    let sequencer = RedisSequencer::from_client(client.clone(), SequencerConfig::of("shop"))?;
    assert!(tier.get(&[Bytes::from("key")]).await.is_err(), "it is not connected yet");
    client.init().await?;
    connected(&tier).await;
    joined(&sequencer).await;
    until("it listens", async || sequencer.is_connected()).await;
    tier.shutdown().await;
    sequencer.shutdown().await;
    let _: () = client.ping(None).await?;
    Ok(())
}

#[tokio::test]
async fn shut_down() -> Result<()> {
    let redis = Redis::start().await?;
    let tier = RedisTier::connect(&patient(redis.url()))?;
    let sequencer = RedisSequencer::connect(&patient(redis.url()), SequencerConfig::of("shop"))?;
    connected(&tier).await;
    joined(&sequencer).await;
    tier.shutdown().await;
    sequencer.shutdown().await;
    assert!(tier.get(&[Bytes::from("key")]).await.is_err());
    assert!(sequencer.issue(&tag("a")).await.is_err());
    assert!(!tier.is_connected() && !sequencer.is_connected());
    Ok(())
}
