//! No more loaders run at once than a cache was given; the rest wait for a while, and then do without.

use crate::support::{settle, start};
use forebay_cache::{Cache, CacheBuilder, Clock, LoadFailed, LoaderError};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, advance},
};

const TTL: Duration = Duration::from_secs(10);
const WAIT: Duration = Duration::from_millis(100);
type Outcome = Result<u32, LoadFailed>;

fn builder() -> CacheBuilder<u32, u32> {
    Cache::builder("numbers").ttl(TTL).clock(Clock::tokio()).loads_max(2).load_wait_max(WAIT)
}

async fn hang(cache: &Cache<u32, u32>, key: u32) -> Outcome {
    cache.get_or_load(&key, async || std::future::pending::<Outcome>().await).await
}

async fn ask(cache: &Cache<u32, u32>, key: u32) -> Outcome {
    cache.get_or_load(&key, async || Ok(key)).await
}

#[tokio::test(start_paused = true)]
async fn never_more_at_once() {
    let cache = builder().load_wait_max(100 * TTL).build().expect("valid settings");
    let (running, most) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
    let calls = (0..20).map(|key| {
        let (cache, running, most) = (cache.clone(), running.clone(), most.clone());
        tokio::spawn(async move {
            let load = async || {
                most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                tokio::time::sleep(WAIT).await;
                running.fetch_sub(1, Ordering::Relaxed);
                Ok::<_, LoadFailed>(key)
            };
            cache.get_or_load(&key, load).await
        })
    });
    let calls: Vec<_> = calls.collect();
    for (key, call) in (0..).zip(calls) {
        assert_eq!(call.await.expect("no panic"), Ok(key));
    }
    assert_eq!(most.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_told_so() {
    let cache = builder().build().expect("valid settings");
    let hanging = [start(hang(&cache, 1)), start(hang(&cache, 2))];
    let began = Instant::now();
    let (leader, follower) = tokio::join!(ask(&cache, 3), ask(&cache, 3));
    assert_eq!((leader, follower), (Err(LoadFailed::Busy), Err(LoadFailed::Busy)));
    assert_eq!(began.elapsed().as_millis(), WAIT.as_millis());
    assert_eq!(cache.get_or_load(&4, async || 4).await, 4, "a type without an error does not fail");
    drop(hanging);
    assert_eq!(ask(&cache, 3).await, Ok(3), "a dropped load gives its turn back");
}

#[tokio::test(start_paused = true)]
async fn or_gets_a_stale_value() {
    let cache = builder().stale_if_error(100 * TTL).build().expect("valid settings");
    cache.insert(&3, 100).await;
    advance(TTL + WAIT).await;
    let _hanging = [start(hang(&cache, 1)), start(hang(&cache, 2))];
    assert_eq!(ask(&cache, 3).await, Ok(100));
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded() {
    let cache = builder().waiting_loads_max(1).build().expect("valid settings");
    let _hanging = [start(hang(&cache, 1)), start(hang(&cache, 2))];
    let waiting = start(ask(&cache, 3));
    let began = Instant::now();
    assert_eq!(ask(&cache, 4).await, Err(LoadFailed::Busy));
    assert_eq!(began.elapsed(), Duration::ZERO, "it was refused at once");
    drop(waiting);
    let _waiting = start(ask(&cache, 4));
}

#[tokio::test(start_paused = true)]
async fn loads_within_loads_run_within_one_turn() {
    let cache = builder().loads_max(1).load_wait_max(100 * TTL).build().expect("valid settings");
    let began = Instant::now();
    let middle = || Box::pin(cache.get_or_load(&2, async || -> Outcome { Ok(ask(&cache, 3).await? * 10) }));
    let deep: Outcome = cache.get_or_load(&1, async || Ok(middle().await? * 10)).await;
    assert_eq!(deep, Ok(300));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn background_loads_count_and_do_not_queue() {
    let (loads, gate) = (Arc::<AtomicU32>::default(), Arc::new(Semaphore::new(0)));
    let (counter, waits) = (loads.clone(), gate.clone());
    let cache = builder()
        .stale_while_revalidate(100 * TTL)
        .loader(move |key| {
            let waits = waits.clone();
            counter.fetch_add(1, Ordering::Relaxed);
            async move {
                waits.acquire().await?.forget();
                Ok::<_, LoaderError>(Some(Arc::new(key)))
            }
        })
        .build()
        .expect("valid settings");
    for key in 1..=5 {
        cache.insert(&key, 100).await;
    }
    advance(TTL + WAIT).await;
    for key in 1..=5 {
        assert_eq!(ask(&cache, key).await, Ok(100));
        settle().await;
    }
    assert_eq!(loads.load(Ordering::Relaxed), 2);
    assert_eq!(ask(&cache, 6).await, Err(LoadFailed::Busy), "their turns are not a caller's");
    gate.add_permits(9);
    settle().await;
    assert_eq!(ask(&cache, 6).await, Ok(6));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_panics_gives_its_turn_back() {
    let cache = builder().loads_max(1).build().expect("valid settings");
    let panicking = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get_or_load(&1, async || -> Outcome { panic!("on purpose") }).await }
    });
    assert!(panicking.await.expect_err("it panicked").is_panic());
    assert_eq!(ask(&cache, 1).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn caches_that_need_each_other_do_not_wait_for_ever() {
    let a: Arc<OnceLock<Cache<u32, u32>>> = Arc::default();
    let b: Arc<OnceLock<Cache<u32, u32>>> = Arc::default();
    a.set(builder().loads_max(1).build().expect("valid settings")).expect("set once");
    b.set(builder().loads_max(1).build().expect("valid settings")).expect("set once");
    let (a, b) = (a.get().expect("set"), b.get().expect("set"));
    let one = a.get_or_load(&1, async || {
        tokio::task::yield_now().await;
        ask(b, 1).await
    });
    let other = b.get_or_load(&2, async || {
        tokio::task::yield_now().await;
        ask(a, 2).await
    });
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_err() || other.is_err(), "one of them gave up");
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_its_turn_is_fenced() {
    let cache = builder().loads_max(1).build().expect("valid settings");
    let hanging = start(hang(&cache, 1));
    let waiting = start(ask(&cache, 2));
    cache.clear().await;
    drop(hanging);
    assert_eq!(waiting.await, Ok(2));
    assert!(cache.peek(&2).is_none(), "it began before the invalidation");
}
