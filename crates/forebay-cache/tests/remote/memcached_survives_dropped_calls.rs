//! A caller gives up at its deadline; the reply to its call must not reach the next one.

use crate::fixture::{fill, give_up, stamp, text};
use anyhow::Result;
use bytes::Bytes;
use forebay_cache::{
    Tier,
    memcache021::{MemcachedConfig, MemcachedTier},
};
use forebay_tests::shared;
use rand::{RngExt, SeedableRng, rngs::StdRng};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_dropped_reads_and_writes() -> Result<()> {
    let lab = shared().await;
    let tier = MemcachedTier::connect(MemcachedConfig::of([lab.memcached_addr()]))?;
    let prefix = lab.key_prefix("mc_dropped");
    let keys: Vec<Bytes> = (0..64).map(|n| Bytes::from(format!("{prefix}:{n}"))).collect();
    let fills: Vec<_> = keys.iter().enumerate().map(|(n, key)| fill(key, &n.to_string(), stamp(1))).collect();
    tier.put(&fills).await?;

    let mut random = StdRng::seed_from_u64(7);
    let mut dropped = 0;
    for round in 0..10_000 {
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
    assert!(dropped > 1500, "only {dropped} calls were dropped");
    Ok(())
}
