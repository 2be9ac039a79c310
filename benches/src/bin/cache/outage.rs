//! A Redis that takes connections and never answers: what callers feel of it.

use crate::subjects::runtime;
use anyhow::ensure;
use forebay::{
    cache::{
        Cache, GuardedTier, Namespace, TierConfig,
        fred10::{RedisConfig, RedisTier},
    },
    metrics::Meter,
    traffic::State,
};
use forebay_benches::{Aim, PAIRS, Report, Summary};
use forebay_tests::{FaultProxy, eventually, shared};
use std::{
    cell::Cell,
    sync::Arc,
    time::{Duration, Instant},
};

const DEADLINE: Duration = Duration::from_millis(50);
/// Callers at a time until the breaker opens.
const CALLERS: u64 = 64;
/// Outages, so that there is more than one wave of callers.
const OUTAGES: usize = 5;
/// Loads timed at a time while the breaker is open.
const LOADS: u64 = 2_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let mut outage = runtime.block_on(Outage::prepare())?;
    let (mut waits, mut late) = (Vec::new(), Vec::new());
    for number in 0..OUTAGES {
        if number > 0 {
            runtime.block_on(outage.heal())?;
        }
        late.extend(runtime.block_on(lateness())?);
        waits.extend(runtime.block_on(outage.begin())?);
    }
    let timer = p99(&mut late);
    report.value("cache.outage_timer_alone_deadlines_p99", Aim::None, timer, "deadlines", late.len());
    // What a bare timer is late by is the machine's.
    let noise = (timer - 1.0).max(0.0);
    let name = "cache.outage_added_deadlines_p99";
    let (value, samples) = (p99(&mut waits), waits.len());
    let value = Summary { median: value, low: value, high: value, samples };
    report.spread(name, Aim::AtMost(1.0), value, "deadlines", noise);

    let alone: Cache<u64, String> = Cache::builder("alone").meter(&Meter::disabled()).build()?;
    let keys = Cell::new(1 << 32);
    let many = |cache: &Cache<u64, String>| {
        let first = keys.replace(keys.get() + LOADS);
        runtime.block_on(async {
            let began = Instant::now();
            for key in first..first + LOADS {
                loaded(cache, key).await;
            }
            began.elapsed()
        })
    };
    report.same_against_same("cache.outage_memory_only", PAIRS, || many(&alone));
    let name = "cache.outage_open_vs_memory_only";
    report.time_ratio(name, Aim::AtMost(1.1), PAIRS, || many(&outage.texts), || many(&alone));
    ensure!(outage.tier.state() != State::Closed, "the breaker closed while Redis was away");
    Ok(())
}

struct Outage {
    proxy: FaultProxy,
    redis: Arc<RedisTier>,
    tier: GuardedTier,
    texts: Cache<u64, String>,
    keys: u64,
}

impl Outage {
    async fn prepare() -> anyhow::Result<Self> {
        let proxy = FaultProxy::start(&shared().await.redis_url()).await?;
        let redis = Arc::new(RedisTier::connect(&RedisConfig::from_url(proxy.url_for("redis")))?);
        let guard = TierConfig { deadline: DEADLINE, ..TierConfig::default() };
        let tier = GuardedTier::new(redis.clone(), &guard, &Meter::disabled())?;
        let name = shared().await.key_prefix("bench-outage");
        let space = Namespace::builder(name).tier(tier.clone()).meter(&Meter::disabled()).build()?;
        let texts = Cache::builder("texts").namespace(&space).shared().meter(&Meter::disabled()).build()?;
        let mut outage = Self { proxy, redis, tier, texts, keys: 0 };
        outage.heal().await?;
        Ok(outage)
    }

    /// Redis answers again, and the breaker has noticed.
    async fn heal(&mut self) -> anyhow::Result<()> {
        self.proxy.heal();
        eventually("Redis is reached", async || self.redis.is_connected()).await;
        eventually("the breaker is closed", async || {
            self.keys += 1;
            loaded(&self.texts, self.keys).await;
            self.tier.state() == State::Closed
        })
        .await;
        Ok(())
    }

    /// Redis goes silent; how long each call took until the breaker opened, in deadlines.
    async fn begin(&mut self) -> anyhow::Result<Vec<f64>> {
        self.proxy.black_hole();
        let mut waits = Vec::new();
        while self.tier.state() != State::Open {
            ensure!(waits.len() < 10_000, "the breaker never opened");
            let callers: Vec<_> = (self.keys..self.keys + CALLERS)
                .map(|key| {
                    let texts = self.texts.clone();
                    tokio::spawn(async move {
                        let began = Instant::now();
                        loaded(&texts, key).await;
                        began.elapsed().as_secs_f64() / DEADLINE.as_secs_f64()
                    })
                })
                .collect();
            self.keys += CALLERS;
            for caller in callers {
                waits.push(caller.await?);
            }
        }
        Ok(waits)
    }
}

/// How many deadlines each of as many timeouts of one deadline takes.
async fn lateness() -> anyhow::Result<Vec<f64>> {
    let timers: Vec<_> = (0..CALLERS)
        .map(|_| {
            tokio::spawn(async {
                let began = Instant::now();
                let _elapsed = tokio::time::timeout(DEADLINE, std::future::pending::<()>()).await;
                began.elapsed().as_secs_f64() / DEADLINE.as_secs_f64()
            })
        })
        .collect();
    let mut waits = Vec::new();
    for timer in timers {
        waits.push(timer.await?);
    }
    Ok(waits)
}

fn p99(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() * 99 / 100).copied().unwrap_or(0.0)
}

/// A load of its own takes no time; an outage is no caller's error.
async fn loaded(cache: &Cache<u64, String>, key: u64) {
    let text = cache.get_or_load(&key, async || key.to_string()).await;
    assert_eq!(text, key.to_string(), "an outage is no caller's error");
}
