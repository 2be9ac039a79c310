//! Several nodes over one Redis: how often a cold key is loaded, and how soon an invalidation is seen by another process.

use crate::{
    child::Child,
    node::{bare, namespace},
    strings::at,
    subjects::runtime,
};
use anyhow::Context as _;
use forebay::{
    cache::{Cache, LoadLease, Reached},
    metrics::Meter,
};
use forebay_benches::{Aim, PAIRS, Report, Summary};
use forebay_tests::shared;
use fred::interfaces::{ClientLike as _, PubsubInterface as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Invalidations of one sample, whose 99th percentile is taken.
const INVALIDATIONS: usize = 200;
const NODES: usize = 3;
const CALLERS: usize = 10_000;
/// How often a cold key is asked for by all callers at once.
const COLD_KEYS: u64 = 5;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let (url, name) = (shared().await.redis_url(), shared().await.key_prefix("bench-nodes"));
        visible(report, &url, &name).await?;
        loads(report, &url, &name).await
    })
}

/// From the call until another process no longer serves the value, beside a bare message from the publisher's call to the
/// subscriber's hands. The other process looks for both in the same way, all the time.
async fn visible(report: &mut Report, url: &str, name: &str) -> anyhow::Result<()> {
    let space = namespace(url, name).await?;
    let publisher = bare(url).await?;
    let mut child = Child::start(url, name).await?;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let (mut us, mut them) = (Vec::new(), Vec::new());
        for pair in 0..INVALIDATIONS {
            for turn in 0..2 {
                if pair % 2 == turn {
                    let invalidate = async || match space.invalidate_tag(&Child::tag()).await {
                        Reached::Everywhere => Ok(()),
                        Reached::Here => anyhow::bail!("Redis did not answer"),
                    };
                    us.push(child.sees("invalidation", invalidate).await?);
                } else {
                    let publish = async || Ok(publisher.publish(Child::channel(name), "a message").await?);
                    them.push(child.sees("message", publish).await?);
                }
            }
        }
        us.sort();
        them.sort();
        ratios.push(at(0.99, &us).as_secs_f64() / at(0.99, &them).as_secs_f64());
        ours.append(&mut us);
        theirs.append(&mut them);
    }
    let name = "cache.invalidation_visible_p99_vs_pubsub";
    report.spread(name, Aim::AtMost(3.0), Summary::of(ratios), "ratio", 0.0);
    for (what, mut all) in [("invalidation", ours), ("pubsub", theirs)] {
        all.sort();
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            let micros = at(share, &all).as_secs_f64() * 1e6;
            report.value(&format!("cache.{what}_visible_{name}"), Aim::None, micros, "us", all.len());
        }
    }
    child.end().await?;
    publisher.quit().await?;
    space.shutdown().await;
    Ok(())
}

/// The most loads that any cold key took: with a lease per key, which is the cache's to ask for.
async fn loads(report: &mut Report, url: &str, name: &str) -> anyhow::Result<()> {
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        let space = namespace(url, name).await?;
        let texts: Cache<u64, String> = Cache::builder("texts")
            .namespace(&space)
            .shared()
            .load_lease(LoadLease::default())
            .meter(&Meter::disabled())
            .build()?;
        nodes.push((space, texts));
    }
    let mut most = 0;
    for key in 0..COLD_KEYS {
        let loads = Arc::new(AtomicU64::new(0));
        let callers: Vec<_> = nodes
            .iter()
            .cycle()
            .take(CALLERS)
            .map(|(_, texts)| tokio::spawn(call(texts.clone(), key, loads.clone())))
            .collect();
        for caller in callers {
            assert_eq!(caller.await?, "loaded");
        }
        most = most.max(loads.load(Ordering::Relaxed));
    }
    let name = "cache.loads_for_10k_callers_3_nodes";
    report.value(name, Aim::AtMost(1.0), most as f64, "loads", usize::try_from(COLD_KEYS).context("a few")?);
    for (space, _) in nodes {
        space.shutdown().await;
    }
    Ok(())
}

async fn call(texts: Cache<u64, String>, key: u64, loads: Arc<AtomicU64>) -> String {
    let load = async || {
        loads.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
        "loaded".to_owned()
    };
    texts.get_or_load(&key, load).await
}
