//! Named keys are loaded now and then, whether anybody asks for them or not, until nobody wants that any more.

use crate::support::settle;
use forebay_cache::{Cache, CacheBuilder, CacheError, Clock, LoaderError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, advance, sleep},
};

const TTL: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(20);

/// Brings `1`, `2`, …; each that divides by `unlucky` panics.
#[derive(Clone)]
struct Source {
    loads: Arc<AtomicU32>,
    gate: Option<Arc<Semaphore>>,
    unlucky: u32,
}

impl Source {
    fn new() -> Self {
        Self { loads: Arc::default(), gate: None, unlucky: u32::MAX }
    }

    fn builder(&self) -> CacheBuilder<u32, u32> {
        let source = self.clone();
        Cache::builder("numbers").ttl(TTL).clock(Clock::tokio()).loader(move |_| {
            let source = source.clone();
            async move {
                let number = source.loads.fetch_add(1, Ordering::Relaxed) + 1;
                if let Some(gate) = &source.gate {
                    gate.acquire().await?.forget();
                }
                assert!(!number.is_multiple_of(source.unlucky), "on purpose");
                Ok::<_, LoaderError>(Some(Arc::new(number)))
            }
        })
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_caller_until_the_handle_is_dropped() {
    let source = Source::new();
    let cache = source.builder().build().expect("valid settings");
    let kept = cache.keep_fresh(&1, EVERY).expect("there is a loader");
    for _ in 0..50 {
        sleep(EVERY / 2).await;
        assert!(cache.peek(&1).is_some());
    }
    assert!((25..=28).contains(&source.loads()), "{}", source.loads());
    drop(kept);
    let loads = source.loads();
    sleep(10 * TTL).await;
    assert_eq!(source.loads(), loads);
    assert!(cache.peek(&1).is_none());
}

#[tokio::test(start_paused = true)]
async fn for_ever_ends_with_the_cache() {
    let source = Source::new();
    let cache = source.builder().build().expect("valid settings");
    cache.keep_fresh(&1, EVERY).expect("there is a loader").forever();
    sleep(10 * EVERY).await;
    let loads = source.loads();
    assert!(loads >= 10, "{loads}");
    drop(cache);
    sleep(10 * EVERY).await;
    assert_eq!(source.loads(), loads);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_the_load_and_ends_it() {
    let gate = Arc::new(Semaphore::new(0));
    let source = Source { gate: Some(gate.clone()), ..Source::new() };
    let cache = source.builder().build().expect("valid settings");
    let _kept = cache.keep_fresh(&1, EVERY).expect("there is a loader");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(source.loads(), 1, "it is under way");
    tokio::join!(cache.shutdown(), async { gate.add_permits(9) });
    assert!(cache.peek(&1).is_some(), "what was under way was waited for");
    sleep(10 * EVERY).await;
    assert_eq!(source.loads(), 1);
    assert!(cache.keep_fresh(&2, EVERY).is_err());
}

#[tokio::test(start_paused = true)]
async fn keys_do_not_fall_due_together() {
    let times = Arc::<std::sync::Mutex<Vec<Instant>>>::default();
    let noted = times.clone();
    let cache: Cache<u32, u32> = Cache::builder("numbers")
        .clock(Clock::tokio())
        .loader(move |key| {
            noted.lock().expect("no panic").push(Instant::now());
            async move { Ok::<_, LoaderError>(Some(Arc::new(key))) }
        })
        .build()
        .expect("valid settings");
    let kept: Vec<_> = (0..50).map(|key| cache.keep_fresh(&key, EVERY).expect("there is a loader")).collect();
    sleep(EVERY / 2).await;
    let mut first = times.lock().expect("no panic").clone();
    first.dedup();
    assert!(first.len() > 25, "{} moments for 50 keys", first.len());
    drop(kept);
}

#[tokio::test(start_paused = true)]
async fn what_was_loaded_lately_will_do() {
    let source = Source::new();
    let cache = source.builder().build().expect("valid settings");
    advance(TTL).await;
    let _kept = cache.keep_fresh(&1, EVERY).expect("there is a loader");
    cache.insert(&1, 100).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!((source.loads(), cache.peek(&1).as_deref()), (0, Some(&100)));
    sleep(EVERY).await;
    assert_eq!(source.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_panics_does_not_end_it() {
    let source = Source { unlucky: 1, ..Source::new() };
    let cache = source.builder().build().expect("valid settings");
    let _kept = cache.keep_fresh(&1, EVERY).expect("there is a loader");
    sleep(5 * EVERY).await;
    assert!(source.loads() >= 4, "{}", source.loads());
    assert_eq!(cache.get_or_load(&1, async || 7).await, 7, "nothing is poisoned");
}

#[tokio::test(start_paused = true)]
async fn a_timed_load_is_fenced() {
    let gate = Arc::new(Semaphore::new(0));
    let source = Source { gate: Some(gate.clone()), ..Source::new() };
    let cache = source.builder().build().expect("valid settings");
    let _kept = cache.keep_fresh(&1, EVERY).expect("there is a loader");
    sleep(Duration::from_secs(2)).await;
    cache.invalidate(&1).await;
    gate.add_permits(1);
    settle().await;
    assert!(cache.peek(&1).is_none(), "it began before the invalidation");
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused() {
    let refused = |kept: Result<_, CacheError>| match kept {
        Err(CacheError::Setting { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    let plain: Cache<u32, u32> = Cache::builder("plain").build().expect("valid settings");
    assert_eq!(refused(plain.keep_fresh(&1, EVERY)), "loader");
    let cache = Source::new().builder().timed_keys_max(1).build().expect("valid settings");
    assert_eq!(refused(cache.keep_fresh(&1, Duration::ZERO)), "every");
    let first = cache.keep_fresh(&1, Duration::MAX).expect("there is room");
    assert_eq!(refused(cache.keep_fresh(&2, EVERY)), "timed_keys_max");
    drop(first);
    settle().await;
    let _second = cache.keep_fresh(&2, EVERY).expect("there is room again");
}
