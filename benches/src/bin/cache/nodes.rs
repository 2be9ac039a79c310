//! Several nodes over one Redis: how soon an invalidation is seen elsewhere, and how often a cold key is loaded.

use crate::{
    redis::{Node, bare},
    subjects::runtime,
};
use forebay::cache::Tag;
use forebay_benches::{Aim, Report};
use forebay_tests::shared;
use fred::interfaces::{ClientLike as _, EventInterface as _, PubsubInterface as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const INVALIDATIONS: u64 = 300;
const CALLERS: u64 = 10_000;

pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let (url, name) = (shared().await.redis_url(), shared().await.key_prefix("bench-nodes"));
        seen(report, &url, &name).await?;
        loads(report, &url, &name).await
    })
}

/// From the call until another node no longer serves the value, beside a bare message from publisher to subscriber.
async fn seen(report: &mut Report, url: &str, name: &str) -> anyhow::Result<()> {
    let (here, there) = (Node::join(url, name).await?, Node::join(url, name).await?);
    let tag = Tag::of("seen", 1);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (publisher, subscriber) = (bare(url).await?, bare(url).await?);
    let mut heard = subscriber.message_rx();
    subscriber.subscribe(name).await?;
    for number in 0..INVALIDATIONS {
        there.texts.entry(&1).tags(|| [tag.clone()]).insert("old".to_owned()).await;
        let began = Instant::now();
        let (_reached, ()) = tokio::join!(here.texts.invalidate_tag(&tag), async {
            while there.texts.peek(&1).is_some() {
                tokio::task::yield_now().await;
            }
        });
        ours.push(began.elapsed());
        let began = Instant::now();
        let (published, message) = tokio::join!(publisher.publish::<i64, _, _>(name, number), heard.recv());
        published?;
        message?;
        theirs.push(began.elapsed());
    }
    let ratio = p99(&mut ours).as_secs_f64() / p99(&mut theirs).as_secs_f64();
    let count = ours.len();
    report.value("cache.invalidation_visible_p99_vs_pubsub", Aim::AtMost(3.0), ratio, "ratio", count);
    subscriber.quit().await?;
    for node in [here, there] {
        node.space.shutdown().await;
    }
    Ok(())
}

fn p99(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}

async fn loads(report: &mut Report, url: &str, name: &str) -> anyhow::Result<()> {
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Node::join(url, name).await?);
    }
    let loads = Arc::new(AtomicU64::new(0));
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let (texts, loads) = (nodes[caller as usize % nodes.len()].texts.clone(), loads.clone());
        callers.push(tokio::spawn(async move {
            let load = async || {
                loads.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
                "loaded".to_owned()
            };
            texts.get_or_load(&2, load).await
        }));
    }
    for caller in callers {
        assert_eq!(caller.await?, "loaded");
    }
    let loads = loads.load(Ordering::Relaxed) as f64;
    report.value("cache.loads_for_10k_callers_3_nodes", Aim::AtMost(1.0), loads, "loads", CALLERS as usize);
    for node in nodes {
        node.space.shutdown().await;
    }
    Ok(())
}
