//! A Redis that takes connections and never answers: what callers feel of it.

use crate::subjects::runtime;
use forebay::{
    cache::{
        Cache, GuardedTier, Namespace, TierConfig,
        fred10::{RedisConfig, RedisTier},
    },
    metrics::Meter,
    traffic::State,
};
use forebay_benches::{Aim, PAIRS, Report};
use forebay_tests::{FaultProxy, shared};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const DEADLINE: Duration = Duration::from_millis(50);
/// Loads timed while the breaker is open.
const LOADS: u64 = 2_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    runtime.block_on(measured(report))
}

async fn measured(report: &mut Report) -> anyhow::Result<()> {
    let proxy = FaultProxy::start(&shared().await.redis_url()).await?;
    let tier = Arc::new(RedisTier::connect(&RedisConfig::from_url(proxy.url_for("redis")))?);
    while !tier.is_connected() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let guard = TierConfig { deadline: DEADLINE, ..TierConfig::default() };
    let tier = GuardedTier::new(tier, &guard, &Meter::disabled())?;
    let name = shared().await.key_prefix("bench-outage");
    let space = Namespace::builder(name).tier(tier.clone()).build()?;
    let texts: Cache<u64, String> =
        Cache::builder("texts").namespace(&space).shared().meter(&Meter::disabled()).build()?;
    let alone: Cache<u64, String> = Cache::builder("alone").meter(&Meter::disabled()).build()?;
    for key in 0..100 {
        loaded(&texts, u64::MAX - key).await;
    }
    proxy.black_hole();
    let mut keys = 0_u64..;
    let mut added = Vec::new();
    while tier.state() != State::Open {
        let Some(key) = keys.next().filter(|key| *key < 10_000) else {
            anyhow::bail!("the breaker never opened");
        };
        let began = Instant::now();
        loaded(&texts, key).await;
        added.push(began.elapsed().as_secs_f64() / DEADLINE.as_secs_f64());
    }
    added.sort_by(f64::total_cmp);
    let p99 = added.get(added.len() * 99 / 100).copied().unwrap_or(0.0);
    // The runtime's timer ticks once a millisecond, a fiftieth of this deadline.
    report.value("cache.outage_added_deadlines_p99", Aim::AtMost(1.0), p99, "deadlines", added.len());
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        with.push(many(&texts, &mut keys).await);
        without.push(many(&alone, &mut keys).await);
    }
    with.sort();
    without.sort();
    let ratio = with[PAIRS / 2].as_secs_f64() / without[PAIRS / 2].as_secs_f64();
    report.value("cache.outage_open_vs_memory_only", Aim::AtMost(1.1), ratio, "ratio", PAIRS);
    Ok(())
}

async fn many(cache: &Cache<u64, String>, keys: &mut impl Iterator<Item = u64>) -> Duration {
    let began = Instant::now();
    for key in keys.take(LOADS as usize) {
        loaded(cache, key).await;
    }
    began.elapsed()
}

async fn loaded(cache: &Cache<u64, String>, key: u64) {
    let text = cache.get_or_load(&key, async || key.to_string()).await;
    assert_eq!(text, key.to_string(), "an outage is no caller's error");
}
