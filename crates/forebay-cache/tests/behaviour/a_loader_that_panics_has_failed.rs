//! A loader that panics has failed: it is counted, told and left alone like one that fails, and only its own caller panics.

use crate::support::settle;
use forebay_cache::{Cache, CacheBuilder, CacheEvent, Clock, ErrorKind, LoadFailed, Loader, LoaderError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::advance;

const TTL: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_secs(1);
type Outcome = Result<u32, LoadFailed>;

fn builder() -> CacheBuilder<u32, u32> {
    Cache::builder("numbers").ttl(TTL).clock(Clock::tokio()).backoff(REST, REST)
}

async fn panics(cache: &Cache<u32, u32>) {
    let cache = cache.clone();
    let load = async move { cache.get_or_load(&1, async || -> Outcome { panic!("on purpose") }).await };
    assert!(tokio::spawn(load).await.expect_err("its own caller panics").is_panic());
}

/// An owned loader that panics, and counts.
#[derive(Clone, Default)]
struct Panicking(Arc<AtomicU32>);

#[async_trait::async_trait]
impl Loader<u32, u32> for Panicking {
    async fn load(&self, _: &u32) -> Result<Option<Arc<u32>>, LoaderError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("on purpose")
    }
}

#[tokio::test(start_paused = true)]
async fn its_key_is_left_alone_for_a_while() {
    let cache = builder().build().expect("valid settings");
    panics(&cache).await;
    let mut called = false;
    let early = cache
        .get_or_load(&1, async || {
            called = true;
            Ok(1)
        })
        .await;
    assert_eq!((early, called), (Err(LoadFailed::Panicked), false));
    assert_eq!(cache.get_or_load(&2, async || Ok::<_, LoadFailed>(2)).await, Ok(2), "other keys are loaded");
    advance(REST).await;
    assert_eq!(cache.get_or_load(&1, async || Ok::<_, LoadFailed>(1)).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_stands_in_for_the_others() {
    let cache = builder().stale_if_error(100 * TTL).build().expect("valid settings");
    cache.insert(&1, 100).await;
    advance(TTL).await;
    panics(&cache).await;
    assert_eq!(cache.get_or_load(&1, async || Ok::<_, LoadFailed>(1)).await, Ok(100));
}

#[tokio::test(start_paused = true)]
async fn it_is_counted_and_told() {
    let cache = builder().build().expect("valid settings");
    let mut events = cache.events();
    panics(&cache).await;
    let stats = cache.stats();
    assert_eq!((stats.loads, stats.load_failures), (1, 1));
    assert!(matches!(events.try_next(), Some(CacheEvent::Loaded { succeeded: false, .. })));
}

#[tokio::test(start_paused = true)]
async fn without_a_rest_its_key_is_loaded_by_the_next() {
    let cache: Cache<u32, u32> = Cache::builder("numbers").build().expect("valid settings");
    panics(&cache).await;
    assert_eq!(cache.get_or_load(&1, async || Ok::<_, LoadFailed>(1)).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn in_the_background_as_well() {
    let loader = Panicking::default();
    let cache = builder().stale_while_revalidate(100 * TTL).loader(loader.clone()).build();
    let cache = cache.expect("valid settings");
    cache.insert(&1, 100).await;
    advance(TTL).await;
    for _ in 0..3 {
        assert_eq!(cache.get(&1).await.as_deref(), Some(&100));
        settle().await;
    }
    assert_eq!(loader.0.load(Ordering::Relaxed), 1, "it rests");
    advance(REST).await;
    assert_eq!(cache.get(&1).await.as_deref(), Some(&100));
    settle().await;
    assert_eq!(loader.0.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_panics_for_a_loader_of_the_cache() {
    // Not asked: a panic may not happen the next time.
    let builder = builder().loader(Panicking::default()).classify(|_| ErrorKind::Fatal);
    let cache = builder.build().expect("valid settings");
    assert_eq!(cache.refresh(&1).await, Err(LoadFailed::Panicked));
    let resting = cache.get_or_load(&1, async || Ok::<_, LoadFailed>(1)).await;
    assert_eq!(resting, Err(LoadFailed::Panicked));
    let warmed = cache.warm([2, 3]).run().await;
    assert_eq!(warmed.failed, 2);
}
