//! Nodes that agree on one load: a cold key is loaded by one of them and found by the others; a load that fails, or a
//! node that dies, does not hold them up; and without Redis each loads for itself.
#![cfg(feature = "redis")]

use anyhow::{Result, anyhow};
use forebay_cache::{
    Cache, GuardedTier, LeaseAsk, LeaseState, LeaseToken, LoadFailed, LoadLease, Namespace, Tag, Tier,
    TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
use forebay_tests::{Redis, eventually, shared};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};

/// Longer than any machine needs: no test waits for it.
const PATIENT: Duration = Duration::from_secs(30);

fn lease() -> LoadLease {
    LoadLease { hold: PATIENT, wait_max: PATIENT, ..LoadLease::default() }
}

struct Node {
    space: Namespace,
    words: Cache<u64, String>,
}

async fn node(url: &str, namespace: &str, lease: LoadLease) -> Result<Node> {
    let redis = RedisConfig { command_timeout: Duration::from_secs(5), ..RedisConfig::from_url(url) };
    let chain = SequencerConfig { heartbeat: Duration::from_millis(100), ..SequencerConfig::of(namespace) };
    let tier = Arc::new(RedisTier::connect(&redis)?);
    let guard = TierConfig { deadline: Duration::from_secs(5), ..TierConfig::default() };
    let space = Namespace::builder(namespace)
        .sequencer(Arc::new(RedisSequencer::connect(&redis, chain)?))
        .tier(GuardedTier::new(tier.clone(), &guard, &Meter::disabled())?)
        .issue_deadline(Duration::from_secs(5))
        .meter(&Meter::disabled())
        .build()?;
    space.ready().await;
    eventually("the tier is connected", async || tier.is_connected()).await;
    let words = Cache::builder("words")
        .namespace(&space)
        .meter(&Meter::disabled())
        .shared()
        .load_max(Duration::from_secs(120))
        .load_lease(lease)
        .build()?;
    Ok(Node { space, words })
}

async fn nodes<const N: usize>(url: &str, namespace: &str, lease: LoadLease) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for _ in 0..N {
        nodes.push(node(url, namespace, lease.clone()).await?);
    }
    Ok(nodes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_callers_on_three_nodes_load_a_cold_key_once() -> Result<()> {
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("once"));
    let nodes = nodes::<3>(&url, &namespace, lease()).await?;
    let loads = Arc::new(AtomicUsize::new(0));
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..10_000 {
        let (words, loads) = (nodes[n % 3].words.clone(), loads.clone());
        calls.spawn(async move {
            let load = async || {
                loads.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                "the value".to_owned()
            };
            words.get_or_load(&7, load).await
        });
    }
    while let Some(value) = calls.join_next().await {
        assert_eq!(value?, "the value");
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalidated_key_is_loaded_once_more() -> Result<()> {
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("once_more"));
    let nodes = nodes::<3>(&url, &namespace, lease()).await?;
    let loads = AtomicUsize::new(0);
    let load = async || {
        let n = loads.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        format!("value {n}")
    };
    let ask = |node: usize| nodes[node].words.entry(&7).tags(|| [Tag::named("word")]).get_or_load(load);
    for round in 0..4 {
        let expected = format!("value {round}");
        let (a, b, c) = tokio::join!(ask(0), ask(1), ask(2));
        assert_eq!([a, b, c], [&*expected; 3], "round {round}");
        // By turns by its key, which leaves a tombstone, and by its tag, which leaves the entry in Redis.
        match round % 2 {
            0 => drop(nodes[0].words.invalidate(&7).await),
            _ => drop(nodes[0].words.invalidate_tag(&Tag::named("word")).await),
        }
        eventually("all nodes heard of it", async || nodes.iter().all(|node| node.words.peek(&7).is_none()))
            .await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_load_fails_those_who_waited_and_nobody_later() -> Result<()> {
    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error("the database said no")]
        Own,
        #[error(transparent)]
        Shared(#[from] LoadFailed),
    }
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("fails"));
    let nodes = nodes::<3>(&url, &namespace, lease()).await?;
    let (began, go) = (Semaphore::new(0), Notify::new());
    let leader = nodes[0].words.get_or_load(&7, async || {
        began.add_permits(2);
        go.notified().await;
        Err::<String, _>(Failure::Own)
    });
    let follower = async |node: usize| {
        began.acquire().await.expect("it is not closed").forget();
        let own = async || Ok::<_, Failure>("loaded for itself".to_owned());
        nodes[node].words.get_or_load(&7, own).await
    };
    let fail = async {
        let asked = |node: &Node| node.space.status().tiers.iter().any(|tier| tier.done > 0);
        eventually("both wait", async || asked(&nodes[1]) && asked(&nodes[2])).await;
        go.notify_one();
    };
    let (first, second, third, ()) = tokio::join!(leader, follower(1), follower(2), fail);
    assert!(matches!(first, Err(Failure::Own)), "{first:?}");
    for waited in [second, third] {
        let Err(Failure::Shared(failed)) = waited else { panic!("{waited:?}") };
        assert_eq!(failed, LoadFailed::Leader("the database said no".into()));
    }
    let later = nodes[1].words.get_or_load(&7, async || Ok::<_, Failure>("better".to_owned())).await?;
    assert_eq!(later, "better");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_dropped_gives_its_lease_back() -> Result<()> {
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("dropped"));
    let nodes = nodes::<2>(&url, &namespace, lease()).await?;
    let began = Semaphore::new(0);
    let stuck = nodes[0].words.get_or_load(&7, async || {
        began.add_permits(1);
        std::future::pending::<String>().await
    });
    let next = async {
        drop(began.acquire().await);
        nodes[1].words.get_or_load(&7, async || "the other's".to_owned()).await
    };
    tokio::select! {
        _ = stuck => unreachable!("it never ends"),
        () = async {
            drop(began.acquire().await);
        } => {}
    }
    began.add_permits(1);
    assert_eq!(next.await, "the other's");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_dies_is_waited_for_no_longer_than_its_lease() -> Result<()> {
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("dies"));
    let short = LoadLease { hold: Duration::from_millis(500), ..lease() };
    let node = node(&url, &namespace, short.clone()).await?;
    // A node that took the lease and was never heard of again.
    let other = RedisTier::connect(&RedisConfig::from_url(&url))?;
    eventually("the tier is connected", async || other.is_connected()).await;
    let key = [format!("{namespace}:words:").as_bytes(), &7_u64.to_be_bytes()].concat();
    let ask = LeaseAsk {
        token: LeaseToken::random(),
        hold: short.hold,
        stale_within: Duration::ZERO,
        always: false,
        waited_for: None,
    };
    let leases = other.leases().ok_or_else(|| anyhow!("it leases"))?;
    assert_eq!(leases.get_or_lease(&key.into(), &ask).await?.state, LeaseState::Granted);
    let value = node.words.get_or_load(&7, async || "its own".to_owned()).await;
    assert_eq!(value, "its own");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_load_keeps_its_lease() -> Result<()> {
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("renews"));
    let short = LoadLease { hold: Duration::from_millis(600), ..lease() };
    let nodes = nodes::<2>(&url, &namespace, short).await?;
    let began = Semaphore::new(0);
    let loads = AtomicUsize::new(0);
    let slow = nodes[0].words.get_or_load(&7, async || {
        began.add_permits(1);
        loads.fetch_add(1, Ordering::SeqCst);
        // Several times as long as it is held without being renewed.
        tokio::time::sleep(Duration::from_secs(2)).await;
        "slow".to_owned()
    });
    let waiting = async {
        drop(began.acquire().await);
        let own = async || {
            loads.fetch_add(1, Ordering::SeqCst);
            "its own".to_owned()
        };
        nodes[1].words.get_or_load(&7, own).await
    };
    let (slow, waiting) = tokio::join!(slow, waiting);
    assert_eq!((&*slow, &*waiting), ("slow", "slow"));
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_takes_too_long_is_not_waited_for() -> Result<()> {
    let (url, namespace) = (shared().await.redis_url(), shared().await.key_prefix("gives_up"));
    let impatient = LoadLease { wait_max: Duration::from_millis(50), ..lease() };
    let nodes = nodes::<2>(&url, &namespace, impatient).await?;
    let began = Semaphore::new(0);
    let stuck = nodes[0].words.get_or_load(&7, async || {
        began.add_permits(1);
        std::future::pending::<String>().await
    });
    let next = async {
        drop(began.acquire().await);
        nodes[1].words.get_or_load(&7, async || "its own".to_owned()).await
    };
    tokio::select! {
        _ = stuck => unreachable!("it never ends"),
        value = next => assert_eq!(value, "its own"),
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_each_node_loads_for_itself() -> Result<()> {
    let redis = Redis::start().await?;
    let nodes = nodes::<2>(&redis.url(), "shop", lease()).await?;
    redis.kill();
    for node in &nodes {
        let own = async || "its own".to_owned();
        let value = tokio::time::timeout(PATIENT, node.words.get_or_load(&7, own)).await;
        assert_eq!(value?, "its own");
        node.space.shutdown().await;
    }
    Ok(())
}
