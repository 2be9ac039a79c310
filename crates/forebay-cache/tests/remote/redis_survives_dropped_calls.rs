//! A caller gives up at its deadline; the reply to its call must not reach the next one.

use crate::chain::{joined, tag};
use crate::fixture::{connected, fill, give_up, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Sequencer, Tier,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_tests::shared;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_dropped_reads_and_writes() -> Result<()> {
    let lab = shared().await;
    let tier = RedisTier::connect(&RedisConfig::from_url(lab.redis_url()))?;
    connected(&tier).await;
    let prefix = lab.key_prefix("dropped");
    let keys: Vec<Bytes> = (0..64).map(|n| Bytes::from(format!("{prefix}:{n}"))).collect();
    let fills: Vec<_> = keys.iter().enumerate().map(|(n, key)| fill(key, &n.to_string(), stamp(1))).collect();
    tier.put(&fills).await?;

    let mut random = StdRng::seed_from_u64(7);
    let mut dropped = 0;
    for round in 0..4000 {
        let first = random.random_range(0..keys.len() - 8);
        let some = first..first + random.random_range(1..8);
        let polls = random.random_range(1..6);
        let gave_up = if round % 3 == 0 {
            give_up(tier.put(&fills[some]), polls).await.is_none()
        } else {
            give_up(tier.get(&keys[some]), polls).await.is_none()
        };
        dropped += usize::from(gave_up);
        if round % 16 == 0 {
            let n = random.random_range(0..keys.len());
            let stored = tier.get(&keys[n..=n]).await?.remove(0);
            assert_eq!(text(&keys[n], stored.as_ref()), Some(n.to_string()));
        }
    }
    assert!(dropped > 600, "only {dropped} calls were dropped");
    for (n, stored) in tier.get(&keys).await?.iter().enumerate() {
        assert_eq!(text(&keys[n], stored.as_ref()), Some(n.to_string()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_invalidations_leave_a_whole_chain() -> Result<()> {
    let lab = shared().await;
    // The last call waits for all those that were given up and are carried out nevertheless.
    let redis =
        RedisConfig { command_timeout: Duration::from_secs(30), ..RedisConfig::from_url(lab.redis_url()) };
    let node = RedisSequencer::connect(&redis, SequencerConfig::of(lab.key_prefix("dropped_issue")))?;
    let start = joined(&node).await.end;
    let mut random = StdRng::seed_from_u64(11);
    for round in 0..1500 {
        let tag = tag(&format!("tag:{round}"));
        let _outcome = give_up(node.issue(&tag), random.random_range(1..6)).await;
    }
    let last = node.issue(&tag("last")).await?;
    assert_eq!(last.invalidation, tag("last"), "the answer belongs to this call");
    let missed = node.missed(Some(start)).await?;
    assert!(missed.complete);
    assert_eq!(missed.events.last(), Some(&last));
    Ok(())
}
