//! A call may keep to memory, go past it, or keep nothing; a tier may keep entries for less or more of their time, and take
//! none that are too long.
#![cfg(feature = "test-util")]

use crate::support::{eventually, settle};
use forebay_cache::{
    Cache, CacheBuilder, CacheError, Clock, GuardedTier, LoadFailed, TierConfig,
    testing::{Cluster, Shelf, Step},
};
use forebay_metrics::Meter;
use std::{sync::Arc, time::Duration};
use tokio::time::advance;

const TTL: Duration = Duration::from_secs(100);
const KEY: &[u8] = &[0, 0, 0, 1];

fn words(
    cluster: &Cluster,
    with: fn(CacheBuilder<u32, String>) -> CacheBuilder<u32, String>,
) -> Vec<Cache<u32, String>> {
    cluster.each(|space| {
        let builder = Cache::builder("words").namespace(space).clock(Clock::tokio()).ttl(TTL);
        with(builder.shared()).build().expect("valid settings")
    })
}

async fn text(from: &str) -> String {
    from.to_owned()
}

#[tokio::test]
async fn memory_only_neither_asks_nor_fills_the_tier() {
    let cluster = Cluster::start("shop", 1).await;
    let cache = &words(&cluster, |builder| builder)[0];
    assert_eq!(cache.entry(&1).memory_only().get_or_load(async || text("one").await).await, "one");
    cache.entry(&1).memory_only().insert("two".to_owned()).await;
    assert!(cache.entry(&2).memory_only().get().await.is_none());
    settle().await;
    let faults = cluster.shelf().faults();
    assert_eq!((faults.calls(Step::Get), faults.calls(Step::Put)), (0, 0));
    assert_eq!(cache.peek(&1).as_deref(), Some(&"two".to_owned()));
}

#[tokio::test]
async fn a_call_that_takes_no_part_disturbs_nobody() {
    let cache: Cache<u32, String> = Cache::builder("words").build().expect("valid settings");
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let load = cache.get_or_load(&1, async || {
        told.await.expect("told");
        "loaded".to_owned()
    });
    let apart = || cache.entry(&1).when(false);
    let others = async {
        assert_eq!(apart().get_or_load(async || text("own").await).await, "own");
        assert_eq!(apart().refresh(async || text("own").await).await, "own");
        assert_eq!(apart().compute(async |old| format!("{old:?}")).await, "None");
        assert!(apart().get().await.is_none() && !apart().touch().await);
        apart().insert("own".to_owned()).await;
        tell.send(()).expect("waiting");
    };
    assert_eq!(tokio::join!(load, others).0, "loaded");
    assert_eq!(cache.peek(&1).as_deref(), Some(&"loaded".to_owned()), "it was kept");
    assert_eq!(apart().compute(async |old| format!("{old:?}")).await, "None");
}

#[tokio::test]
async fn skipping_memory_looks_and_keeps_below_it() {
    let cluster = Cluster::start("shop", 2).await;
    let words = words(&cluster, |builder| builder);
    assert_eq!(words[0].entry(&1).skip_memory().get_or_load(async || text("one").await).await, "one");
    assert!(words[0].is_empty());
    eventually("the tier has it", async || cluster.shelf().has_entry(KEY)).await;
    words[0].entry(&1).memory_only().insert("in memory".to_owned()).await;
    assert_eq!(words[0].entry(&1).skip_memory().get().await.as_deref(), Some(&"one".to_owned()));
    assert_eq!(words[0].peek(&1).as_deref(), Some(&"in memory".to_owned()), "what memory has stays");
    words[0].entry(&1).skip_memory().insert("new".to_owned()).await;
    assert!(words[0].peek(&1).is_none(), "what memory has is older than what was inserted");
    eventually("the tier has the new one", async || {
        words[1].entry(&1).skip_memory().get().await.is_some_and(|value| *value == "new")
    })
    .await;
    assert!(words[1].is_empty());
}

#[tokio::test]
async fn read_only_keeps_nothing_and_shares_what_it_loads() {
    let cluster = Cluster::start("shop", 2).await;
    let words = words(&cluster, |builder| builder);
    let (send, receive) = tokio::sync::oneshot::channel();
    let first = words[0].clone();
    let reader = tokio::spawn(async move {
        first.entry(&1).read_only().get_or_load(async || receive.await.expect("sent")).await
    });
    settle().await;
    let other = words[0].clone();
    let waiting = tokio::spawn(async move { other.get_or_load(&1, async || text("own").await).await });
    settle().await;
    send.send("one".to_owned()).expect("it waits");
    assert_eq!(reader.await.expect("it does not panic"), "one");
    assert_eq!(waiting.await.expect("it does not panic"), "one");
    words[0].entry(&1).read_only().insert("two".to_owned()).await;
    settle().await;
    assert!(words[0].is_empty() && cluster.shelf().is_empty());

    words[0].insert(&1, "kept".to_owned()).await;
    eventually("the tier has it", async || cluster.shelf().has_entry(KEY)).await;
    let found = words[1].entry(&1).read_only().get_or_load(async || text("not asked").await).await;
    assert_eq!(found, "kept");
    let found = words[1].entries(&[1]).read_only().get().await;
    assert!(found[0].is_some() && words[1].is_empty());
}

fn tier(shelf: &Arc<Shelf>, config: &TierConfig) -> Result<GuardedTier, CacheError> {
    GuardedTier::new(shelf.clone(), config, &Meter::disabled())
}

/// A cluster of two nodes whose tier keeps entries `keep_scale` times as long.
async fn scaled(keep_scale: f64) -> Cluster {
    let (hub, shelf) = (forebay_cache::testing::Hub::new(), Shelf::new());
    let mut cluster = Cluster::start_on("shop", 0, hub, Shelf::new()).await;
    let guard = tier(&shelf, &TierConfig { keep_scale, ..TierConfig::default() }).expect("valid settings");
    for _ in 0..2 {
        // The cluster's own shelf comes first; it fails, so that the other one answers.
        cluster.add(|builder| builder.tier(guard.clone())).await;
    }
    cluster.shelf().faults().fail(Step::ALL);
    cluster
}

#[tokio::test(start_paused = true)]
async fn a_tier_with_little_room_forgets_earlier() {
    let words = words(&scaled(0.5).await, |builder| builder);
    words[0].insert(&1, "one".to_owned()).await;
    settle().await;
    advance(TTL * 4 / 10).await;
    assert!(words[1].entry(&1).read_only().get().await.is_some());
    advance(TTL * 2 / 10).await;
    assert!(words[1].entry(&1).read_only().get().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_keeps_longer_serves_failing_loads_and_nothing_fresh() {
    let failing = async || Err::<String, _>(LoadFailed::Leader("down".into()));
    let with = words(&scaled(4.0).await, |builder| builder.stale_if_error(TTL));
    let without = words(&scaled(4.0).await, |builder| builder);
    for words in [&with, &without] {
        words[0].insert(&1, "one".to_owned()).await;
    }
    settle().await;
    advance(TTL * 3).await;
    for words in [&with, &without] {
        assert!(words[1].get(&1).await.is_none(), "its ttl is over");
    }
    assert_eq!(with[1].get_or_load(&1, failing).await, Ok("one".to_owned()), "beyond the cache's own window");
    assert!(
        without[1].get_or_load(&1, failing).await.is_err(),
        "who allows nothing stale gets nothing stale"
    );
}

#[tokio::test]
async fn what_is_too_long_for_a_tier_is_kept_without_it() {
    let shelf = Shelf::new();
    let config = TierConfig { item_bytes_max: Some(400), ..TierConfig::default() };
    let guard = tier(&shelf, &config).expect("valid settings");
    let mut cluster = Cluster::start("shop", 0).await;
    cluster.add(|builder| builder.tier(guard)).await;
    let cache = &words(&cluster, |builder| builder)[0];
    let mixed =
        |n: u32| char::from(b'!' + (n.wrapping_mul(2_654_435_761).rotate_left(n % 32) >> 9) as u8 % 90);
    let long: String = (0..2_000).map(mixed).collect();
    cache.insert_many([(1, "short".to_owned()), (2, long)]).await;
    eventually("the tier has the short one", async || shelf.has_entry(KEY)).await;
    eventually("the other tier has both", async || cluster.shelf().len() == 2).await;
    settle().await;
    assert_eq!((shelf.len(), cache.len()), (1, 2));
    for keep_scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error =
            tier(&shelf, &TierConfig { keep_scale, ..TierConfig::default() }).expect_err("makes no sense");
        assert!(error.to_string().contains("keep_scale"), "{error}");
    }
}
