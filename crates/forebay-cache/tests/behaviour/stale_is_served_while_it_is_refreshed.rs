//! Within its window a stale value is served at once, and the cache's own loader brings the next one.

use crate::support::settle;
use forebay_cache::{Cache, CacheBuilder, CacheError, Clock, LoaderError, Tag};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

const TTL: Duration = Duration::from_secs(10);
const WINDOW: Duration = Duration::from_secs(60);

/// Loads `1`, `2`, `3`, …, each when it is let.
#[derive(Clone, Default)]
struct Source {
    loads: Arc<AtomicU32>,
    gate: Option<Arc<Semaphore>>,
}

impl Source {
    fn builder(&self) -> CacheBuilder<&'static str, u32> {
        let source = self.clone();
        Cache::builder("numbers").ttl(TTL).stale_while_revalidate(WINDOW).clock(Clock::tokio()).loader(
            move |_| {
                let source = source.clone();
                async move {
                    let number = source.loads.fetch_add(1, Ordering::Relaxed) + 1;
                    if let Some(gate) = &source.gate {
                        gate.acquire().await?.forget();
                    }
                    if number == 13 {
                        Err::<_, LoaderError>("unlucky".into())
                    } else {
                        Ok(Some(Arc::new(number)))
                    }
                }
            },
        )
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }
}

async fn inline(cache: &Cache<&'static str, u32>) -> u32 {
    cache.get_or_load(&"n", async || 100).await
}

#[tokio::test(start_paused = true)]
async fn at_once_and_by_one_refresh() {
    let source = Source::default();
    let cache = source.builder().build().expect("valid settings");
    assert_eq!(inline(&cache).await, 100);
    tokio::time::advance(TTL + Duration::from_secs(1)).await;
    assert_eq!((inline(&cache).await, inline(&cache).await), (100, 100), "the old value, without waiting");
    settle().await;
    assert_eq!(source.loads(), 1);
    assert_eq!(inline(&cache).await, 1, "the refreshed value");
    // Past the window nobody gets the old value.
    tokio::time::advance(TTL + WINDOW + Duration::from_secs(1)).await;
    assert_eq!(inline(&cache).await, 100);
}

#[tokio::test(start_paused = true)]
async fn but_not_once_it_was_invalidated() {
    let source = Source { gate: Some(Arc::new(Semaphore::new(0))), ..Source::default() };
    let cache = source.builder().build().expect("valid settings");
    let tag = Tag::named("numbers");
    cache.entry(&"n").tags(|| [tag.clone()]).insert(100).await;
    tokio::time::advance(TTL + Duration::from_secs(1)).await;
    assert_eq!(inline(&cache).await, 100);
    settle().await;
    assert_eq!(source.loads(), 1, "the refresh began");
    cache.invalidate_tag(&tag).await;
    source.gate.as_ref().expect("gated").add_permits(1);
    settle().await;
    assert_eq!(
        cache.peek(&"n"),
        None,
        "what it brought began before the invalidation: it has the old value's tag"
    );
    assert_eq!(inline(&cache).await, 100);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_takes_too_long_is_stopped() {
    let source = Source { gate: Some(Arc::new(Semaphore::new(0))), ..Source::default() };
    let cache = source.builder().load_max(Duration::from_secs(5)).build().expect("valid settings");
    inline(&cache).await;
    tokio::time::advance(TTL + Duration::from_secs(1)).await;
    inline(&cache).await;
    settle().await;
    tokio::time::advance(Duration::from_secs(6)).await;
    settle().await;
    inline(&cache).await;
    settle().await;
    assert_eq!(source.loads(), 2, "the next caller starts another one");
}

#[tokio::test(start_paused = true)]
async fn an_entry_whose_tags_only_its_caller_can_find_is_loaded_by_its_caller() {
    let source = Source::default();
    let cache = source.builder().build().expect("valid settings");
    let call =
        async || cache.entry(&"n").tags_from(|n: &u32| [Tag::of("n", n)]).get_or_load(async || 100).await;
    call().await;
    tokio::time::advance(TTL + Duration::from_secs(1)).await;
    call().await;
    settle().await;
    assert_eq!(source.loads(), 0);
}

#[tokio::test]
async fn shutdown_waits_for_refreshes_and_starts_no_more() {
    let source = Source { gate: Some(Arc::new(Semaphore::new(0))), ..Source::default() };
    let cache = source.builder().ttl(Duration::from_nanos(1)).build().expect("valid settings");
    cache.insert(&"n", 100).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(inline(&cache).await, 100);
    let gate = source.gate.clone().expect("gated");
    let (shutdown, ()) = tokio::join!(cache.shutdown(), async { gate.add_permits(1) });
    let () = shutdown;
    assert_eq!(source.loads(), 1);
    tokio::time::sleep(Duration::from_millis(1)).await;
    inline(&cache).await;
    settle().await;
    assert_eq!(source.loads(), 1);
}

#[test]
fn the_window_needs_a_loader() {
    let built = Cache::<u32, u32>::builder("numbers").ttl(TTL).stale_while_revalidate(WINDOW).build();
    let CacheError::Setting { setting, .. } = built.expect_err("refused") else { panic!("another error") };
    assert_eq!(setting, "stale_while_revalidate");
}
