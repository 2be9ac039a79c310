//! A node whose connection to the bus is cut, or silent, learns that it missed something, and what.

use crate::chain::{alive, hear, interrupted, joined, mark_of, tag};
use anyhow::Result;
use forebay_cache::{
    Heard, Sequencer,
    fred10::{RedisConfig, RedisSequencer, SequencerConfig},
};
use forebay_tests::{FaultProxy, Redis};
use fred::{
    clients::Client,
    interfaces::ClientLike,
    prelude::Config,
    types::{ClusterHash, CustomCommand, Value},
};
use std::time::Duration;

fn node(url: String) -> Result<RedisSequencer> {
    let redis = RedisConfig {
        dead_after: Duration::from_millis(400),
        reconnect_delay_max: Duration::from_millis(50),
        ..RedisConfig::from_url(url)
    };
    let config = SequencerConfig { heartbeat: Duration::from_millis(20), ..SequencerConfig::of("shop") };
    Ok(RedisSequencer::connect(&redis, config)?)
}

#[tokio::test]
async fn a_cut_connection_is_an_interruption_and_then_a_replay() -> Result<()> {
    let redis = Redis::start().await?;
    let proxy = FaultProxy::start(&redis.addr()).await?;
    let (near, far) = (node(redis.url())?, node(proxy.url_for("redis"))?);
    joined(&near).await;
    let known = joined(&far).await.end;
    hear(&far, |heard| alive(heard).filter(|end| *end == known)).await;

    proxy.refuse();
    proxy.cut_now();
    let missed: Vec<_> =
        [near.issue(&tag("a")).await?, near.issue(&tag("b")).await?, near.issue(&tag("c")).await?].into();
    assert!(far.missed(Some(known)).await.is_err(), "it is cut off");
    proxy.heal();
    hear(&far, interrupted).await;
    // The first interruption may be heard while the connection is still down.
    let mut replayed = far.missed(Some(known)).await;
    while replayed.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        replayed = far.missed(Some(known)).await;
    }
    let replayed = replayed?;
    assert!(replayed.complete);
    assert_eq!(replayed.events, missed);

    hear(&far, |heard| alive(heard).filter(|end| *end == replayed.end)).await;
    // The new connection may be replaced once more, and an event lost with it: until one comes over the bus itself.
    loop {
        let next = near.issue(&tag("d")).await?;
        let told = |heard: &Heard| match heard {
            Heard::Event(event) if event.stamp == next.stamp => Some(Some(event.clone())),
            Heard::Alive(end) if end.stamp >= next.stamp => Some(None),
            _ => None,
        };
        if let Some(event) = hear(&far, told).await {
            assert_eq!(event, next, "the bus works again");
            break;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_silent_bus_gives_no_sign_of_life() -> Result<()> {
    let redis = Redis::start().await?;
    let proxy = FaultProxy::start(&redis.addr()).await?;
    let (near, far) = (node(redis.url())?, node(proxy.url_for("redis"))?);
    joined(&near).await;
    let known = joined(&far).await.end;
    hear(&far, alive).await;
    proxy.black_hole();
    let issued = near.issue(&tag("a")).await?;
    // Whatever was on its way is heard; then nothing is, not even that all is well.
    let silent = async {
        loop {
            if tokio::time::timeout(Duration::from_millis(300), far.heard()).await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), silent).await.expect("a sign of life in a black hole");
    proxy.heal();
    let end = mark_of(&issued);
    hear(&far, |heard| alive(heard).filter(|mark| *mark == end)).await;
    let replayed = far.missed(Some(known)).await?;
    assert_eq!((replayed.complete, replayed.events), (true, vec![issued]));
    Ok(())
}

#[tokio::test]
async fn a_connection_the_server_closed_is_subscribed_again() -> Result<()> {
    let redis = Redis::start().await?;
    let node = node(redis.url())?;
    joined(&node).await;
    hear(&node, alive).await;
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    // Redis closes the connections of a user who may no longer listen to what they are subscribed to.
    let command = CustomCommand::new_static("ACL", ClusterHash::Random, false);
    let setuser = |rules: &[&str]| {
        let words: Vec<Value> = ["SETUSER", "default"].iter().chain(rules).map(|w| Value::from(*w)).collect();
        client.custom::<Value, Value>(command.clone(), words)
    };
    setuser(&["resetchannels"]).await?;
    setuser(&["allchannels"]).await?;
    let mut heard_again = false;
    while !heard_again {
        let issued = node.issue(&tag("a")).await?;
        let end = mark_of(&issued);
        heard_again = hear(&node, |heard| match heard {
            Heard::Event(event) if *event == issued => Some(true),
            Heard::Alive(mark) if *mark == end => Some(false),
            _ => None,
        })
        .await;
    }
    Ok(())
}
