//! A node that was away asks for what came after the last invalidation it applied.

use crate::chain::{joined, mark_of, tag};
use anyhow::Result;
use forebay_cache::{
    Sequencer,
    fred10::{RedisConfig, RedisSequencer, SequencerConfig},
};
use forebay_tests::{Redis, shared};
use fred::{clients::Client, interfaces::*, prelude::Config};

#[tokio::test]
async fn a_gap_is_replayed_in_order() -> Result<()> {
    let lab = shared().await;
    let redis = RedisConfig::from_url(lab.redis_url());
    let node = RedisSequencer::connect(&redis, SequencerConfig::of(lab.key_prefix("gap")))?;
    let start = joined(&node).await;
    assert!(start.complete && start.events.is_empty());

    let mut issued = Vec::new();
    for n in 0..20 {
        issued.push(node.issue(&tag(&format!("tag:{n}"))).await?);
    }
    let missed = node.missed(Some(start.end)).await?;
    assert!(missed.complete);
    assert_eq!(missed.events, issued);
    assert_eq!(missed.end, mark_of(&issued[19]));

    let missed = node.missed(Some(mark_of(&issued[14]))).await?;
    assert!(missed.complete);
    assert_eq!(missed.events, issued[15..]);

    let missed = node.missed(Some(missed.end)).await?;
    assert!(missed.complete && missed.events.is_empty());

    let joins = node.missed(None).await?;
    assert!(joins.complete && joins.events.is_empty());
    assert_eq!(joins.end, mark_of(&issued[19]));
    Ok(())
}

#[tokio::test]
async fn a_trimmed_chain_is_incomplete_in_the_same_epoch() -> Result<()> {
    let lab = shared().await;
    let redis = RedisConfig::from_url(lab.redis_url());
    let config = SequencerConfig { events_max: 10, ..SequencerConfig::of(lab.key_prefix("trimmed")) };
    let node = RedisSequencer::connect(&redis, config)?;
    let start = joined(&node).await.end;
    let mut issued = Vec::new();
    for n in 0..400 {
        issued.push(node.issue(&tag(&format!("tag:{n}"))).await?);
    }
    let missed = node.missed(Some(start)).await?;
    assert!(!missed.complete && missed.events.is_empty());
    assert_eq!(missed.end, mark_of(&issued[399]), "the epoch stays: nothing was lost, only forgotten");
    let missed = node.missed(Some(mark_of(&issued[389]))).await?;
    assert!(missed.complete, "as many as were asked for are kept");
    assert_eq!(missed.events, issued[390..]);
    Ok(())
}

#[tokio::test]
async fn a_log_with_a_hole_is_incomplete() -> Result<()> {
    let redis = Redis::start().await?;
    let node = RedisSequencer::connect(&RedisConfig::from_url(redis.url()), SequencerConfig::of("shop"))?;
    let start = joined(&node).await.end;
    for n in 0..9 {
        node.issue(&tag(&format!("tag:{n}"))).await?;
    }
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    let _: () = client.xdel("forebay:{shop}:log", "5-0").await?;
    assert!(!node.missed(Some(start)).await?.complete);
    let _: () = client.del("forebay:{shop}:log").await?;
    assert!(!node.missed(Some(start)).await?.complete);
    let next = node.issue(&tag("next")).await?;
    assert_eq!(next.stamp.number, 10, "the chain goes on without its log");
    Ok(())
}
