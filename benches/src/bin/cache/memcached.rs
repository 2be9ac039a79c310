//! Hits in Memcached beside the bare client: 64 tasks that each read strings of 1 KiB.

use crate::{redis::by_tasks, subjects::runtime};
use forebay::{
    cache::{
        Cache, GuardedTier, Namespace, TierConfig,
        memcache021::{MemcachedConfig, MemcachedTier},
    },
    metrics::Meter,
};
use forebay_benches::{Aim, PAIRS, Report};
use forebay_tests::shared;
use memcache::exp::AsyncMetaClient;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const KEYS: u64 = 200;
const READS: u64 = 100;
const VALUE_BYTES: usize = 1024;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let (texts, bare) = runtime.block_on(connected())?;
    runtime.block_on(filled(&texts, &bare))?;
    report.throughput_ratio(
        "cache.memcached_hit_throughput_vs_client",
        Aim::AtLeast(0.95),
        PAIRS,
        || runtime.block_on(by_tasks(&texts, read_ours)),
        || runtime.block_on(by_tasks(&bare, read_bare)),
    );
    Ok(())
}

async fn connected() -> anyhow::Result<(Cache<u64, String>, Arc<AsyncMetaClient>)> {
    let (address, name) = (shared().await.memcached_addr(), shared().await.key_prefix("bench-mc"));
    let tier = Arc::new(MemcachedTier::connect(MemcachedConfig::of([address.clone()]))?);
    let guard = TierConfig { deadline: Duration::from_secs(1), ..TierConfig::default() };
    let space = Namespace::builder(name).tier(GuardedTier::new(tier, &guard, &Meter::disabled())?).build()?;
    let texts = Cache::builder("texts").namespace(&space).shared().meter(&Meter::disabled()).build()?;
    Ok((texts, Arc::new(AsyncMetaClient::connect(address).await?)))
}

async fn filled(texts: &Cache<u64, String>, bare: &AsyncMetaClient) -> anyhow::Result<()> {
    for key in 0..KEYS {
        let text: String = std::iter::repeat_n('x', VALUE_BYTES).collect();
        bare.set(bare_key(key), text.clone()).send().await?;
        for wait in 0.. {
            texts.insert(&key, text.clone()).await;
            tokio::time::sleep(Duration::from_millis(2)).await;
            if texts.entry(&key).skip_memory().get().await.is_some() {
                break;
            }
            anyhow::ensure!(wait < 1_000, "{key} never arrived in Memcached");
        }
    }
    Ok(())
}

fn bare_key(key: u64) -> String {
    format!("forebay-bench:{key}")
}

async fn read_ours(texts: Cache<u64, String>, task: u64) -> Duration {
    let began = Instant::now();
    for read in 0..READS {
        let key = (task * 31 + read) % KEYS;
        assert!(texts.entry(&key).skip_memory().get().await.is_some(), "{key} is in Memcached");
    }
    began.elapsed()
}

async fn read_bare(client: Arc<AsyncMetaClient>, task: u64) -> Duration {
    let began = Instant::now();
    for read in 0..READS {
        let key = (task * 31 + read) % KEYS;
        assert!(client.get(bare_key(key)).send().await.is_ok(), "{key} is in Memcached");
    }
    began.elapsed()
}
