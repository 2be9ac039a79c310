//! With a soft timeout, whoever could have a stale value waits no longer than that, and the load goes on.

use crate::support::{settle, start};
use forebay_cache::{Cache, CacheBuilder, CacheError, Clock, LoadFailed, LoaderError, Tag};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, advance},
};

const TTL: Duration = Duration::from_secs(10);
const SOFT: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
type Outcome = Result<u32, LoadFailed>;

/// An owned loader that brings `1`, `2`, …, each when it is let.
#[derive(Clone)]
struct Source {
    loads: Arc<AtomicU32>,
    gate: Arc<Semaphore>,
    panics: bool,
}

impl Source {
    fn new() -> Self {
        Self { loads: Arc::default(), gate: Arc::new(Semaphore::new(0)), panics: false }
    }

    fn builder(&self) -> CacheBuilder<u32, u32> {
        let source = self.clone();
        builder().soft_timeout(SOFT).loader(move |key| {
            let source = source.clone();
            async move {
                let number = source.loads.fetch_add(1, Ordering::Relaxed) + 1;
                source.gate.acquire().await?.forget();
                assert!(!source.panics, "on purpose");
                Ok::<_, LoaderError>((key != 404).then(|| Arc::new(number)))
            }
        })
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }
}

fn builder() -> CacheBuilder<u32, u32> {
    Cache::builder("numbers").ttl(TTL).stale_if_error(100 * TTL).clock(Clock::tokio())
}

async fn stale(cache: &Cache<u32, u32>, key: u32) {
    cache.insert(&key, 100).await;
    advance(TTL + SECOND).await;
}

async fn ask(cache: &Cache<u32, u32>, key: u32) -> Outcome {
    cache.get_or_load(&key, async || Ok::<_, LoadFailed>(999)).await
}

#[tokio::test(start_paused = true)]
async fn the_load_completes_behind_its_caller() {
    let source = Source::new();
    let cache = source.builder().build().expect("valid settings");
    stale(&cache, 1).await;
    let began = Instant::now();
    assert_eq!(ask(&cache, 1).await, Ok(100), "the stale value, when the time is up");
    assert_eq!(began.elapsed().as_millis(), SOFT.as_millis());
    // Whoever comes later does not wait anew: the time counts from when the load began.
    assert_eq!(ask(&cache, 1).await, Ok(100));
    assert_eq!(began.elapsed().as_millis(), SOFT.as_millis());
    assert_eq!(source.loads(), 1);
    source.gate.add_permits(1);
    settle().await;
    assert_eq!(cache.peek(&1).as_deref(), Some(&1), "the load was not lost");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_quick_is_waited_for() {
    let source = Source::new();
    source.gate.add_permits(9);
    let cache = source.builder().build().expect("valid settings");
    stale(&cache, 1).await;
    assert_eq!(ask(&cache, 1).await, Ok(1), "the owned loader's value, not the closure's");
    stale(&cache, 404).await;
    let absent = cache.get_or_load(&404, async || Some(999)).await;
    assert_eq!(absent, None, "that there is no such thing is an answer");
    assert_eq!(ask(&cache, 5).await, Ok(999), "without a stale value the closure is called");
}

#[tokio::test(start_paused = true)]
async fn others_go_on_while_a_closure_is_waited_for_by_its_caller() {
    let source = Source::new();
    let cache = source.builder().build().expect("valid settings");
    // Tags that only its caller can find: the owned loader could not make this entry.
    let call = async |number: Duration| {
        cache
            .entry(&1)
            .tags_from(|n: &u32| [Tag::of("n", n)])
            .get_or_load(async || {
                tokio::time::sleep(number).await;
                7
            })
            .await
    };
    call(Duration::ZERO).await;
    advance(TTL + SECOND).await;
    let leader = start(call(SECOND));
    assert_eq!(ask(&cache, 1).await, Ok(7), "the stale value");
    assert_eq!(source.loads(), 0);
    drop(leader);
}

#[tokio::test(start_paused = true)]
async fn a_late_load_is_fenced() {
    let source = Source::new();
    let cache = source.builder().build().expect("valid settings");
    for by_tag in [true, false] {
        cache.entry(&1).tags(|| [Tag::named("n")]).insert(100).await;
        advance(TTL + SECOND).await;
        assert_eq!(ask(&cache, 1).await, Ok(100));
        if by_tag {
            cache.invalidate_tag(&Tag::named("n")).await;
        } else {
            cache.invalidate(&1).await;
        }
        source.gate.add_permits(1);
        settle().await;
        assert!(cache.peek(&1).is_none(), "it began before the invalidation");
    }
    assert_eq!(source.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_panics_poisons_nothing() {
    let source = Source { panics: true, ..Source::new() };
    source.gate.add_permits(9);
    let cache = source.builder().build().expect("valid settings");
    stale(&cache, 1).await;
    assert_eq!(ask(&cache, 1).await, Ok(100), "the stale value stands in");
    cache.invalidate(&1).await;
    assert_eq!(ask(&cache, 1).await, Ok(999));
}

#[tokio::test(start_paused = true)]
async fn a_load_within_a_load_does_not_wait_for_it_on_another_task() {
    let cell: Arc<std::sync::OnceLock<Cache<u32, u32>>> = Arc::default();
    let inner = cell.clone();
    let cache = builder()
        .soft_timeout(5 * SECOND)
        .loader(move |key| {
            let cache = inner.get().expect("set").clone();
            // 1 needs 2, and 2 needs 1.
            async move { Ok::<_, LoaderError>(Some(Arc::new(1 + ask(&cache, 3 - key).await?))) }
        })
        .build()
        .expect("valid settings");
    cell.set(cache.clone()).expect("set once");
    cache.insert(&1, 100).await;
    cache.insert(&2, 100).await;
    advance(TTL + SECOND).await;
    let began = Instant::now();
    assert_eq!(ask(&cache, 1).await, Ok(1001));
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waited for itself");
}

#[tokio::test(start_paused = true)]
async fn past_load_max_a_closure_is_stopped() {
    let cache = builder().load_max(SECOND).build().expect("valid settings");
    let hang = async |key: u32| -> Outcome {
        cache.get_or_load(&key, async || std::future::pending::<Outcome>().await).await
    };
    assert_eq!(hang(1).await, Err(LoadFailed::Deadline));
    stale(&cache, 1).await;
    assert_eq!(hang(1).await, Ok(100));
    // A type that can say neither gets what its closure brings, however late.
    let late = cache.get_or_load(&2, async || {
        tokio::time::sleep(2 * SECOND).await;
        2
    });
    assert_eq!(late.await, 2);
    assert_eq!(ask(&cache, 1).await, Ok(999), "the key is not poisoned");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_closure_is_fenced_and_hands_nothing_over() {
    let cache = builder().load_max(SECOND).build().expect("valid settings");
    let leader = cache.get_or_load(&1, async || std::future::pending::<Outcome>().await);
    let (leader, follower) = tokio::join!(leader, ask(&cache, 1));
    assert_eq!((leader, follower), (Err(LoadFailed::Deadline), Err(LoadFailed::Deadline)));
    cache.invalidate(&1).await;
    assert_eq!(ask(&cache, 1).await, Ok(999));
    assert_eq!(cache.peek(&1).as_deref(), Some(&999));
}

#[test]
fn it_needs_a_loader_and_a_later_end() {
    let refused = [builder().soft_timeout(SOFT), Source::new().builder().load_max(SOFT)];
    for builder in refused {
        let CacheError::Setting { setting, .. } = builder.build().expect_err("refused") else {
            panic!("another")
        };
        assert_eq!(setting, "soft_timeout");
    }
}
