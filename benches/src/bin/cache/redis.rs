//! Hits in Redis beside the bare client: 64 tasks that each read strings of 1 KiB.

use crate::subjects::runtime;
use async_trait::async_trait;
use bytes::Bytes;
use forebay::{
    cache::{
        Cache, Fill, GuardedTier, Namespace, Outcome, Removal, Stored, Tag, Tier, TierConfig, TierError,
        fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
    },
    metrics::Meter,
};
use forebay_benches::{Aim, PAIRS, Report};
use forebay_tests::shared;
use fred::{
    clients::Client,
    interfaces::{ClientLike as _, KeysInterface as _, PubsubInterface as _},
    types::{Builder, config::Config},
};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub(crate) const TASKS: u64 = 64;
const KEYS: u64 = 1_000;
const READS: u64 = 100;
const VALUE_BYTES: usize = 1024;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let (node, bare) = runtime.block_on(async {
        let (url, name) = (shared().await.redis_url(), shared().await.key_prefix("bench"));
        anyhow::Ok((Node::join(&url, &name).await?, bare(&url).await?))
    })?;
    runtime.block_on(filled(&node, &bare))?;
    let ours = || runtime.block_on(by_tasks(&node.texts, read_ours));
    let theirs = || runtime.block_on(by_tasks(&bare, read_bare));
    report.same_against_same("cache.redis_hit", PAIRS, theirs);
    report.throughput_ratio("cache.redis_hit_throughput_vs_fred", Aim::AtLeast(0.95), PAIRS, ours, theirs);
    let ours = || runtime.block_on(read_ours(node.texts.clone(), 0));
    let theirs = || runtime.block_on(read_bare(bare.clone(), 0));
    report.time_ratio("cache.redis_hit_latency_vs_fred", Aim::AtMost(1.1), PAIRS, ours, theirs);
    batches(report, &runtime, &node);
    invalidations(report, &runtime, &node, &bare);
    runtime.block_on(node.space.shutdown());
    Ok(())
}

/// One node: a namespace over Redis, and its cache.
pub(crate) struct Node {
    pub(crate) space: Namespace,
    pub(crate) texts: Cache<u64, String>,
    /// How often the tier was asked.
    gets: Arc<Counted>,
}

impl Node {
    pub(crate) async fn join(url: &str, name: &str) -> anyhow::Result<Self> {
        let redis = RedisConfig::from_url(url);
        let gets = Arc::new(Counted { tier: RedisTier::connect(&redis)?, gets: AtomicU64::new(0) });
        // Generous: a machine that measures is busy, and a late answer would be a miss.
        let guard = TierConfig { deadline: Duration::from_secs(1), ..TierConfig::default() };
        let space = Namespace::builder(name)
            .sequencer(Arc::new(RedisSequencer::connect(&redis, SequencerConfig::of(name))?))
            .tier(GuardedTier::new(gets.clone(), &guard, &Meter::disabled())?)
            .meter(&Meter::disabled())
            .build()?;
        space.ready().await;
        let texts = Cache::builder("texts").namespace(&space).shared().meter(&Meter::disabled()).build()?;
        Ok(Self { space, texts, gets })
    }
}

pub(crate) async fn bare(url: &str) -> anyhow::Result<Client> {
    let client = Builder::from_config(Config::from_url(url)?).build()?;
    client.init().await?;
    Ok(client)
}

/// Text that no compression shortens much, as a client without any would send it.
fn text(key: u64) -> String {
    let mut state = key.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from(state % 90).unwrap_or(0))
    };
    (0..VALUE_BYTES).map(|_| letter()).collect()
}

async fn filled(node: &Node, bare: &Client) -> anyhow::Result<()> {
    for key in 0..KEYS {
        node.texts.insert(&key, text(key)).await;
        bare.set::<(), _, _>(bare_key(key), text(key), None, None, false).await?;
    }
    for key in 0..KEYS {
        for wait in 0.. {
            if node.texts.entry(&key).skip_memory().get().await.is_some() {
                break;
            }
            anyhow::ensure!(wait < 1_000, "{key} never arrived in Redis");
            node.texts.insert(&key, text(key)).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
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
        let text = texts.entry(&key).skip_memory().get().await;
        assert!(text.is_some_and(|text| text.len() == VALUE_BYTES), "{key} is in Redis");
    }
    began.elapsed()
}

async fn read_bare(client: Client, task: u64) -> Duration {
    let began = Instant::now();
    for read in 0..READS {
        let key = (task * 31 + read) % KEYS;
        let text: Option<String> = client.get(bare_key(key)).await.unwrap_or_default();
        assert!(text.is_some_and(|text| text.len() == VALUE_BYTES), "{key} is in Redis");
    }
    began.elapsed()
}

/// The time until all tasks are done.
pub(crate) async fn by_tasks<C, F>(client: &C, read: impl Fn(C, u64) -> F) -> Duration
where
    C: Clone,
    F: Future<Output = Duration> + Send + 'static,
{
    let began = Instant::now();
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(read(client.clone(), task))).collect();
    for task in tasks {
        // A task that panicked would make a figure of nothing.
        black_box(task.await.expect("every key is there"));
    }
    began.elapsed()
}

fn batches(report: &mut Report, runtime: &tokio::runtime::Runtime, node: &Node) {
    let keys: Vec<u64> = (0..100).collect();
    let before = node.gets.gets.load(Ordering::Relaxed);
    let found = runtime.block_on(node.texts.entries(&keys).skip_memory().get());
    assert!(found.iter().all(Option::is_some), "the batch is in Redis");
    let trips = node.gets.gets.load(Ordering::Relaxed) - before;
    report.value("cache.batch100_round_trips", Aim::AtMost(1.0), trips as f64, "calls", keys.len());
}

/// A numbered, remembered and published invalidation beside a bare publish.
fn invalidations(report: &mut Report, runtime: &tokio::runtime::Runtime, node: &Node, bare: &Client) {
    let ours = |texts: Cache<u64, String>, task: u64| async move {
        for number in 0..READS {
            texts.invalidate_tag(&Tag::of("bench", task * READS + number)).await;
        }
        Duration::ZERO
    };
    let theirs = |client: Client, _: u64| async move {
        for _ in 0..READS {
            let _heard: Result<i64, _> = client.publish("forebay-bench", "an invalidation").await;
        }
        Duration::ZERO
    };
    report.throughput_ratio(
        "cache.invalidations_throughput_vs_publish",
        Aim::AtLeast(0.4),
        PAIRS,
        || runtime.block_on(by_tasks(&node.texts, ours)),
        || runtime.block_on(by_tasks(bare, theirs)),
    );
}

/// Counts how often Redis is asked for entries: each call is one round trip.
#[derive(Debug)]
struct Counted {
    tier: RedisTier,
    gets: AtomicU64,
}

#[async_trait]
impl Tier for Counted {
    fn name(&self) -> &str {
        self.tier.name()
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        self.tier.get(keys).await
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        self.tier.put(fills).await
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        self.tier.remove(removals).await
    }
}
