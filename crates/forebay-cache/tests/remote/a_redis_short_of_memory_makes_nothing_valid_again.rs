//! A Redis with `maxmemory` and `allkeys-lru` throws away what it likes: entries, tombstones, the sequencer's tables.

use anyhow::Result;
use forebay_cache::{
    Cache, GuardedTier, Namespace, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::{Redis, RedisSpec};
use fred::{
    clients::Client,
    interfaces::{ClientLike, LuaInterface},
    prelude::Config,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const KEYS: u64 = 8;

async fn member(url: &str) -> Result<(Namespace, Cache<u64, u64>)> {
    let redis = RedisConfig::from_url(url);
    let chain = SequencerConfig { heartbeat: Duration::from_millis(20), ..SequencerConfig::of("shop") };
    let tier = Arc::new(RedisTier::connect(&redis)?);
    let guard = TierConfig { deadline: Duration::from_secs(1), ..TierConfig::default() };
    let space = Namespace::builder("shop")
        .sequencer(Arc::new(RedisSequencer::connect(&redis, chain)?))
        .tier(GuardedTier::new(tier, &guard, &Meter::disabled())?)
        .issue_deadline(Duration::from_secs(1))
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    let versions = Cache::builder("versions").namespace(&space).shared().build()?;
    Ok((space, versions))
}

/// What the table of the database says; each write makes the version one larger.
struct Table([AtomicU64; KEYS as usize]);

impl Table {
    fn read(&self, key: u64) -> u64 {
        self.0[usize::try_from(key).expect("a small number")].load(Ordering::SeqCst)
    }

    fn write(&self, key: u64) {
        self.0[usize::try_from(key).expect("a small number")].fetch_add(1, Ordering::SeqCst);
    }
}

/// Pushes out most of what is there.
async fn crowd(client: &Client, round: u64) -> Result<()> {
    let script = "for i = 1, 2000 do redis.call('SET', KEYS[1] .. i, string.rep('x', 1000)) end return 1";
    let _: u64 = client.eval(script, vec![format!("junk:{round}:")], Vec::<String>::new()).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_evicted() -> Result<()> {
    let redis = Redis::start_with(RedisSpec::default().arguments([
        "--maxmemory",
        "3mb",
        "--maxmemory-policy",
        "allkeys-lru",
    ]))
    .await?;
    let (here, versions) = member(&redis.url()).await?;
    let client = Client::new(Config::from_url(&redis.url())?, None, None, None);
    client.init().await?;
    let table = Table(std::array::from_fn(|_| AtomicU64::new(0)));
    for round in 0..12 {
        for key in 0..KEYS {
            versions.get_or_load(&key, async || table.read(key)).await;
        }
        if round % 3 == 0 {
            crowd(&client, round).await?;
        }
        for key in (0..KEYS).filter(|key| (key + round) % 2 == 0) {
            table.write(key);
            versions.invalidate(&key).await;
        }
        if round % 3 == 1 {
            crowd(&client, round).await?;
        }
        // This node acknowledged them; another that joins only now knows no number but those in Redis.
        let (there, late) = member(&redis.url()).await?;
        for key in 0..KEYS {
            let truth = table.read(key);
            assert_eq!(versions.get_or_load(&key, async || truth).await, truth, "round {round}, key {key}");
            assert_eq!(late.get_or_load(&key, async || truth).await, truth, "round {round}, key {key}, late");
        }
        there.shutdown().await;
    }
    let stats = redis.command("INFO stats").await?;
    assert!(!stats.contains("evicted_keys:0"), "it was short of memory: {stats}");
    here.shutdown().await;
    Ok(())
}
