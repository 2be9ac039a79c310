//! A fill carries its stamp, and Memcached takes it only over something older.

use crate::fixture::{fill, removal, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Outcome, Stamp, Tier,
    memcache021::{MemcachedConfig, MemcachedTier},
};
use forebay_tests::shared;
use futures_util::future::join_all;
use memcache::exp::{AsyncMetaClient, Ttl};
use std::time::Duration;

async fn tier() -> Result<MemcachedTier> {
    Ok(MemcachedTier::connect(MemcachedConfig::of([shared().await.memcached_addr()]))?)
}

#[tokio::test]
async fn older_loads_and_older_tombstones_change_nothing() -> Result<()> {
    let tier = tier().await?;
    let key = Bytes::from(shared().await.key_prefix("mc_stamps"));
    let held =
        async || Ok::<_, anyhow::Error>(text(&key, tier.get(std::slice::from_ref(&key)).await?[0].as_ref()));

    assert_eq!(tier.put(&[fill(&key, "five", stamp(5))]).await?, [Outcome::Stored]);
    assert_eq!(tier.put(&[fill(&key, "four", stamp(4))]).await?, [Outcome::Refused]);
    assert_eq!(tier.put(&[fill(&key, "five again", stamp(5))]).await?, [Outcome::Stored]);
    assert_eq!(held().await?.as_deref(), Some("five again"));

    tier.remove(&[removal(&key, stamp(6))]).await?;
    assert_eq!(held().await?.as_deref(), Some("†"));
    assert_eq!(tier.put(&[fill(&key, "late", stamp(5))]).await?, [Outcome::Refused]);
    tier.remove(&[removal(&key, stamp(4))]).await?;
    assert_eq!(tier.put(&[fill(&key, "late", stamp(5))]).await?, [Outcome::Refused]);

    assert_eq!(tier.put(&[fill(&key, "six", stamp(6))]).await?, [Outcome::Stored]);
    tier.remove(&[removal(&key, stamp(6))]).await?;
    assert_eq!(held().await?.as_deref(), Some("six"), "it was loaded after that invalidation");

    let later = Stamp { epoch: 8 << 24, number: 1 };
    assert_eq!(tier.put(&[fill(&key, "later", later)]).await?, [Outcome::Stored]);
    assert_eq!(tier.put(&[fill(&key, "late", stamp(900))]).await?, [Outcome::Refused]);
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_not_there_is_buried_too() -> Result<()> {
    let tier = tier().await?;
    let key = Bytes::from(shared().await.key_prefix("mc_bury"));
    let mut short = removal(&key, stamp(6));
    short.keep = Duration::from_secs(3);
    tier.remove(&[short]).await?;
    assert_eq!(tier.put(&[fill(&key, "late", stamp(5))]).await?, [Outcome::Refused]);
    tier.remove(&[removal(&key, stamp(5))]).await?;
    let stored = tier.get(std::slice::from_ref(&key)).await?.remove(0).expect("the tombstone");
    assert!(
        stored.remaining > Some(Duration::from_secs(20)),
        "an older tombstone extends a newer one: {stored:?}"
    );
    Ok(())
}

/// Whatever the interleaving, the largest stamp wins: what is there is compared and replaced in one step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_at_once_leave_the_largest_stamp() -> Result<()> {
    let tier = tier().await?;
    let prefix = shared().await.key_prefix("mc_at_once");
    for round in 0..30 {
        let key = Bytes::from(format!("{prefix}:{round}"));
        let write = async |n: u64| {
            if n == 5 {
                tier.remove(&[removal(&key, stamp(5))]).await
            } else {
                tier.put(&[fill(&key, "text", stamp(n))]).await.map(|_| ())
            }
        };
        let outcomes = join_all((1..=5).map(write)).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let stored = tier.get(std::slice::from_ref(&key)).await?;
        assert_eq!(text(&key, stored[0].as_ref()).as_deref(), Some("†"));
    }
    Ok(())
}

#[tokio::test]
async fn foreign_bytes_are_replaced() -> Result<()> {
    let lab = shared().await;
    let key = Bytes::from(lab.key_prefix("mc_foreign"));
    let client = AsyncMetaClient::connect(lab.memcached_addr()).await?;
    client.set(&key, "something else").ttl(Ttl::secs(60)).send().await?;
    let tier = MemcachedTier::from_client(client, MemcachedConfig::default());
    assert_eq!(tier.put(&[fill(&key, "ours", stamp(1))]).await?, [Outcome::Stored]);
    assert_eq!(text(&key, tier.get(std::slice::from_ref(&key)).await?[0].as_ref()).as_deref(), Some("ours"));
    Ok(())
}
