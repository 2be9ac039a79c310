//! An ACL user that may use one namespace only is enough for its whole life, and does not reach another's.

use crate::chain::{event, hear, joined, tag};
use crate::fixture::{fill, removal, stamp, text, until};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Outcome, Sequencer, Tier,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_tests::Redis;
use std::time::Duration;

/// The line of the book, without the words in front.
fn acl(namespace: &str) -> String {
    format!(
        "on >secret resetkeys ~{namespace}:* ~{{{namespace}:* ~forebay:{{{namespace}}}:* \
         resetchannels &forebay:{{{namespace}}}:bus -@all +@connection +@read +@write +@scripting +@pubsub \
         -@dangerous +info +time"
    )
}

fn config(redis: &Redis, user: &str) -> RedisConfig {
    RedisConfig {
        command_timeout: Duration::from_secs(2),
        ..RedisConfig::from_url(format!("redis://{user}:secret@{}", redis.addr()))
    }
}

#[tokio::test]
async fn one_user_per_namespace() -> Result<()> {
    let redis = Redis::start().await?;
    for namespace in ["shop", "bank"] {
        redis.command(&format!("ACL SETUSER {namespace} {}", acl(namespace))).await?;
    }
    let shop = RedisTier::connect(&config(&redis, "shop"))?;
    let bank = RedisTier::connect(&config(&redis, "bank"))?;
    connected_to(&shop, "shop:words:1").await;
    connected_to(&bank, "bank:words:1").await;

    let ours = Bytes::from("shop:words:1");
    assert_eq!(shop.put(&[fill(&ours, "ours", stamp(1))]).await?, [Outcome::Stored]);
    let stored = shop.get(std::slice::from_ref(&ours)).await?.remove(0);
    assert_eq!(text(&ours, stored.as_ref()).as_deref(), Some("ours"));
    assert!(bank.get(std::slice::from_ref(&ours)).await.is_err(), "another's entry");
    assert!(bank.put(&[fill(&ours, "theirs", stamp(2))]).await.is_err());
    assert!(bank.remove(&[removal(&ours, stamp(2))]).await.is_err());
    shop.remove(&[removal(&ours, stamp(2))]).await?;

    let node = |user: &str, namespace: &str| {
        let heartbeat = Duration::from_millis(100);
        RedisSequencer::connect(
            &config(&redis, user),
            SequencerConfig { heartbeat, ..SequencerConfig::of(namespace) },
        )
    };
    let (here, there) = (node("shop", "shop")?, node("shop", "shop")?);
    let start = joined(&here).await.end;
    joined(&there).await;
    until("both listen", async || here.is_connected() && there.is_connected()).await;
    let issued = here.issue(&tag("user:7")).await?;
    assert_eq!(hear(&there, event).await, issued, "over the bus, or replayed");
    assert!(here.missed(Some(start)).await?.complete);
    here.newest("words", b"words:1", &[]).await?;

    let intruder = node("bank", "shop")?;
    until("the intruder is connected", async || intruder.is_connected()).await;
    assert!(intruder.issue(&tag("user:7")).await.is_err());
    assert!(intruder.missed(None).await.is_err());
    Ok(())
}

/// Like `connected`, with a key the user may read.
async fn connected_to(tier: &RedisTier, key: &str) {
    until("the tier answers", async || tier.get(&[Bytes::from(key.to_owned())]).await.is_ok()).await;
}

#[tokio::test]
async fn a_wrong_password_is_no_answer() -> Result<()> {
    let redis = Redis::start().await?;
    redis.command(&format!("ACL SETUSER shop {}", acl("shop"))).await?;
    let url = format!("redis://shop:wrong@{}", redis.addr());
    let tier = RedisTier::connect(&RedisConfig {
        reconnect_delay_max: Duration::from_millis(20),
        ..RedisConfig::from_url(url)
    })?;
    until("it was refused", async || !redis.command("ACL LOG").await.unwrap_or_default().is_empty()).await;
    assert!(!tier.is_connected());
    let right = RedisTier::connect(&config(&redis, "shop"))?;
    connected_to(&right, "shop:words:1").await;
    Ok(())
}
