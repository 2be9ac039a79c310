//! Nodes that agree on one load, by leases in Redis or in Memcached: a cold key is loaded by one of them and found by the
//! others; a load that fails, or a node that dies, does not hold them up; and without the tier each loads for itself.

use anyhow::{Context, Result};
use bytes::Bytes;
#[cfg(feature = "memcached")]
use forebay_cache::memcache021::{MemcachedConfig, MemcachedTier};
use forebay_cache::{
    Cache, ErrorKind, GuardedTier, LeaseAsk, LeaseState, LeaseToken, LoadFailed, LoadLease, Namespace, Tag,
    Tier, TierConfig,
    fred10::{RedisConfig, RedisSequencer, RedisTier, SequencerConfig},
};
use forebay_metrics::Meter;
#[cfg(feature = "memcached")]
use forebay_tests::Memcached;
use forebay_tests::{Redis, eventually, shared};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, Semaphore};

/// Longer than any machine needs for anything.
const PATIENT: Duration = Duration::from_secs(60);

/// Longer than a test is patient: it fails before a lease ends by itself, or anyone gives up waiting for it.
const ENDLESS: Duration = Duration::from_secs(600);

fn lease() -> LoadLease {
    LoadLease { hold: ENDLESS, wait_max: ENDLESS, ..LoadLease::default() }
}

/// Where nodes keep entries and leases; their chain is in Redis in any case.
#[derive(Debug, Clone)]
enum Kept {
    Redis(String),
    #[cfg(feature = "memcached")]
    Memcached(String),
}

impl Kept {
    async fn all() -> Vec<Self> {
        vec![
            Self::Redis(shared().await.redis_url()),
            #[cfg(feature = "memcached")]
            Self::Memcached(shared().await.memcached_addr()),
        ]
    }

    async fn tier(&self) -> Result<Arc<dyn Tier>> {
        let tier: Arc<dyn Tier> = match self {
            Self::Redis(url) => Arc::new(RedisTier::connect(&redis(url))?),
            #[cfg(feature = "memcached")]
            Self::Memcached(addr) => Arc::new(MemcachedTier::connect(MemcachedConfig {
                command_timeout: Duration::from_secs(5),
                connect_timeout: Duration::from_secs(5),
                ..MemcachedConfig::of([addr])
            })?),
        };
        let probe = [Bytes::from_static(b"probe")];
        eventually("the tier answers", async || tier.get(&probe).await.is_ok()).await;
        Ok(tier)
    }
}

fn redis(url: &str) -> RedisConfig {
    RedisConfig { command_timeout: Duration::from_secs(5), ..RedisConfig::from_url(url) }
}

struct Node {
    space: Namespace,
    words: Cache<u64, String>,
}

impl Node {
    async fn start(kept: &Kept, chain: &str, namespace: &str, lease: LoadLease) -> Result<Self> {
        let settings =
            SequencerConfig { heartbeat: Duration::from_millis(100), ..SequencerConfig::of(namespace) };
        let guard = TierConfig { deadline: Duration::from_secs(5), ..TierConfig::default() };
        let space = Namespace::builder(namespace)
            .sequencer(Arc::new(RedisSequencer::connect(&redis(chain), settings)?))
            .tier(GuardedTier::new(kept.tier().await?, &guard, &Meter::disabled())?)
            .issue_deadline(Duration::from_secs(5))
            .meter(&Meter::disabled())
            .build()?;
        space.ready().await;
        let words = Cache::builder("words")
            .namespace(&space)
            .meter(&Meter::disabled())
            .shared()
            .load_max(ENDLESS)
            .load_lease(lease)
            .classify(|error| match error.get::<Failure>() {
                Some(Failure::Fatal) => ErrorKind::Fatal,
                _ => ErrorKind::Transient,
            })
            .build()?;
        Ok(Self { space, words })
    }

    /// How many calls its tier has answered.
    fn answered(&self) -> u64 {
        self.space.status().tiers.iter().map(|tier| tier.done).sum()
    }

    /// Loads for ever.
    async fn never(&self, began: &Semaphore) -> String {
        let load = async || {
            began.add_permits(1);
            pending().await
        };
        self.words.get_or_load(&7, load).await
    }

    /// The value, which it loads itself if it has to.
    async fn own(&self) -> Result<String> {
        let own = self.words.get_or_load(&7, async || "its own".to_owned());
        tokio::time::timeout(PATIENT, own).await.context("it waits for nobody")
    }
}

/// Nodes that share what `kept` names.
async fn nodes<const N: usize>(kept: &Kept, namespace: &str, lease: LoadLease) -> Result<Vec<Node>> {
    let (chain, namespace) = (shared().await.redis_url(), shared().await.key_prefix(namespace));
    let mut nodes = Vec::new();
    for _ in 0..N {
        nodes.push(Node::start(kept, &chain, &namespace, lease.clone()).await?);
    }
    Ok(nodes)
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the database said no")]
    Own,
    #[error("there is no such table")]
    Fatal,
    #[error(transparent)]
    Shared(#[from] LoadFailed),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_callers_on_three_nodes_load_a_cold_key_once() -> Result<()> {
    for kept in Kept::all().await {
        let nodes = nodes::<3>(&kept, "once", lease()).await?;
        let (asked, loads) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let go = Arc::new(Semaphore::new(0));
        let mut calls = tokio::task::JoinSet::new();
        for n in 0..10_000 {
            let words = nodes[n % 3].words.clone();
            let (asked, loads, go) = (asked.clone(), loads.clone(), go.clone());
            calls.spawn(async move {
                asked.fetch_add(1, Ordering::SeqCst);
                let load = async || {
                    loads.fetch_add(1, Ordering::SeqCst);
                    drop(go.acquire().await);
                    "the value".to_owned()
                };
                words.get_or_load(&7, load).await
            });
        }
        let all =
            async || asked.load(Ordering::SeqCst) == 10_000 && nodes.iter().all(|node| node.answered() > 0);
        eventually("every caller has asked, and every node", all).await;
        go.add_permits(1);
        while let Some(value) = calls.join_next().await {
            assert_eq!(value?, "the value");
        }
        assert_eq!(loads.load(Ordering::SeqCst), 1, "{kept:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalidated_key_is_loaded_once_more() -> Result<()> {
    for kept in Kept::all().await {
        let nodes = nodes::<3>(&kept, "once_more", lease()).await?;
        let loads = AtomicUsize::new(0);
        for round in 0..4 {
            let before: Vec<u64> = nodes.iter().map(Node::answered).collect();
            let load = async || {
                let n = loads.fetch_add(1, Ordering::SeqCst);
                let all = async || nodes.iter().zip(&before).all(|(node, before)| node.answered() > *before);
                eventually("every node has asked", all).await;
                format!("value {n}")
            };
            let ask =
                |node: usize| nodes[node].words.entry(&7).tags(|| [Tag::named("word")]).get_or_load(load);
            let expected = format!("value {round}");
            let (a, b, c) = tokio::join!(ask(0), ask(1), ask(2));
            assert_eq!([a, b, c], [&*expected; 3], "{kept:?}, round {round}");
            // By turns by its key, which leaves a tombstone, and by its tag, which leaves the entry in the tier.
            match round % 2 {
                0 => drop(nodes[0].words.invalidate(&7).await),
                _ => drop(nodes[0].words.invalidate_tag(&Tag::named("word")).await),
            }
            let none = async || nodes.iter().all(|node| node.words.peek(&7).is_none());
            eventually("all nodes heard of it", none).await;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_load_fails_those_who_waited_and_nobody_later() -> Result<()> {
    for kept in Kept::all().await {
        let nodes = nodes::<3>(&kept, "fails", lease()).await?;
        let (first, [second, third]) = one_fails(&nodes, || Failure::Own).await;
        assert!(matches!(first, Err(Failure::Own)), "{kept:?}: {first:?}");
        for waited in [second, third] {
            let Err(Failure::Shared(failed)) = waited else { panic!("{kept:?}: {waited:?}") };
            assert_eq!(failed, LoadFailed::Leader("the database said no".into()));
        }
        let better = async || Ok::<_, Failure>("better".to_owned());
        assert_eq!(nodes[1].words.get_or_load(&7, better).await?, "better");
    }
    Ok(())
}

/// What such an error stands for is told by the loader itself: no stale value stands in for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_waited_find_out_for_themselves_what_is_fatal() -> Result<()> {
    for kept in Kept::all().await {
        let nodes = nodes::<3>(&kept, "fatal", lease()).await?;
        let (first, others) = one_fails(&nodes, || Failure::Fatal).await;
        assert!(matches!(first, Err(Failure::Fatal)), "{kept:?}: {first:?}");
        for own in others {
            assert!(matches!(own.as_deref(), Ok("loaded for itself")), "{kept:?}: {own:?}");
        }
    }
    Ok(())
}

/// What comes of a load that fails once the two other nodes wait for it.
async fn one_fails(
    nodes: &[Node],
    failure: impl Fn() -> Failure,
) -> (Result<String, Failure>, [Result<String, Failure>; 2]) {
    let (began, go) = (Semaphore::new(0), Notify::new());
    let leader = nodes[0].words.get_or_load(&7, async || {
        began.add_permits(2);
        go.notified().await;
        Err(failure())
    });
    let follower = async |node: usize| {
        began.acquire().await.expect("it is not closed").forget();
        let own = async || Ok::<_, Failure>("loaded for itself".to_owned());
        nodes[node].words.get_or_load(&7, own).await
    };
    let fail = async {
        let all = async || nodes.iter().all(|node| node.answered() > 0);
        eventually("both wait", all).await;
        go.notify_one();
    };
    let (first, second, third, ()) = tokio::join!(leader, follower(1), follower(2), fail);
    (first, [second, third])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_dropped_gives_its_lease_back() -> Result<()> {
    for kept in Kept::all().await {
        let nodes = nodes::<2>(&kept, "dropped", lease()).await?;
        let began = Semaphore::new(0);
        tokio::select! {
            _ = nodes[0].never(&began) => unreachable!("it never ends"),
            began = began.acquire() => drop(began),
        }
        assert_eq!(nodes[1].own().await?, "its own", "{kept:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_dies_is_waited_for_no_longer_than_its_lease() -> Result<()> {
    for kept in Kept::all().await {
        let (chain, namespace) = (shared().await.redis_url(), shared().await.key_prefix("dies"));
        let node = Node::start(&kept, &chain, &namespace, lease()).await?;
        // A node that took the lease and was never heard of again.
        let ask = LeaseAsk {
            token: LeaseToken::random(),
            hold: Duration::from_millis(500),
            stale_within: Duration::ZERO,
            always: false,
            waited_for: None,
        };
        let key = [format!("{namespace}:words:").as_bytes(), &7_u64.to_be_bytes()].concat();
        let other = kept.tier().await?;
        let leases = other.leases().context("it leases")?;
        assert_eq!(leases.get_or_lease(&key.into(), &ask).await?.state, LeaseState::Granted);
        assert_eq!(node.own().await?, "its own", "{kept:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_load_keeps_its_lease() -> Result<()> {
    for kept in Kept::all().await {
        let short = LoadLease { hold: Duration::from_millis(600), ..lease() };
        let nodes = nodes::<2>(&kept, "renews", short).await?;
        let (began, loads) = (Semaphore::new(0), AtomicUsize::new(0));
        let slow = nodes[0].words.get_or_load(&7, async || {
            began.add_permits(1);
            loads.fetch_add(1, Ordering::SeqCst);
            // Every 200 ms: longer than the lease is held without it, where time is counted in seconds too.
            let renewals = nodes[0].answered() + 16;
            eventually("it was renewed many times", async || nodes[0].answered() >= renewals).await;
            "slow".to_owned()
        });
        let waiting = async {
            drop(began.acquire().await);
            nodes[1].own().await
        };
        let (slow, waiting) = tokio::join!(slow, waiting);
        assert_eq!((&*slow, &*waiting?), ("slow", "slow"), "{kept:?}");
        assert_eq!(loads.load(Ordering::SeqCst), 1, "{kept:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_takes_too_long_is_not_waited_for() -> Result<()> {
    for kept in Kept::all().await {
        let impatient = LoadLease { wait_max: Duration::from_millis(50), ..lease() };
        let nodes = nodes::<2>(&kept, "gives_up", impatient).await?;
        let began = Semaphore::new(0);
        let next = async {
            drop(began.acquire().await);
            nodes[1].own().await
        };
        tokio::select! {
            _ = nodes[0].never(&began) => unreachable!("it never ends"),
            value = next => assert_eq!(value?, "its own", "{kept:?}"),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_wait_for_ever_is_not_stopped_by_the_end_of_time() -> Result<()> {
    for kept in Kept::all().await {
        let endless = LoadLease {
            hold: Duration::MAX,
            wait_max: Duration::MAX,
            poll_max: Duration::MAX,
            ..LoadLease::default()
        };
        let nodes = nodes::<1>(&kept, "for_ever", endless).await?;
        let failed = nodes[0].words.get_or_load(&7, async || Err::<String, _>(Failure::Own)).await;
        assert!(matches!(failed, Err(Failure::Own)), "{kept:?}: {failed:?}");
        assert_eq!(nodes[0].own().await?, "its own", "{kept:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_each_node_loads_for_itself() -> Result<()> {
    let redis = Redis::start().await?;
    each_loads_for_itself(&Kept::Redis(redis.url()), &redis.url(), || redis.kill()).await
}

#[cfg(feature = "memcached")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_memcached_each_node_loads_for_itself() -> Result<()> {
    let memcached = Memcached::start().await?;
    let kept = Kept::Memcached(memcached.addr());
    each_loads_for_itself(&kept, &shared().await.redis_url(), || memcached.kill()).await
}

async fn each_loads_for_itself(kept: &Kept, chain: &str, kill: impl FnOnce()) -> Result<()> {
    let namespace = shared().await.key_prefix("away");
    let nodes = [
        Node::start(kept, chain, &namespace, lease()).await?,
        Node::start(kept, chain, &namespace, lease()).await?,
    ];
    kill();
    for node in &nodes {
        assert_eq!(node.own().await?, "its own");
        node.space.shutdown().await;
    }
    Ok(())
}
