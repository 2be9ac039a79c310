//! Errors mean different things, and a key whose load failed is left alone for a while that grows.

use crate::support::{settle, start};
use forebay_cache::{Cache, CacheBuilder, Clock, ErrorKind, LoadFailed, LoaderError, Tag};
use forebay_metrics::{Meter, RecorderConfig, WindowRecorder};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{sync::oneshot, time::advance};

const TTL: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_secs(1);
const MAX: Duration = Duration::from_secs(8);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
enum AppError {
    #[error("database is down")]
    Down,
    #[error("no such user")]
    NoUser,
    #[error("not allowed")]
    Denied,
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

fn builder() -> CacheBuilder<u32, u32> {
    Cache::builder("users")
        .ttl(TTL)
        .stale_if_error(100 * TTL)
        .clock(Clock::tokio())
        .backoff(FIRST, MAX)
        .classify(|error| match error.get::<AppError>() {
            Some(AppError::NoUser) => ErrorKind::NotFound,
            Some(AppError::Denied) => ErrorKind::Fatal,
            _ => ErrorKind::Transient,
        })
}

fn cache() -> Cache<u32, u32> {
    builder().build().expect("valid settings")
}

/// Asks for `key`, whose load ends so; what came of it, and whether the loader was called.
async fn ask(cache: &Cache<u32, u32>, key: u32, end: Result<u32, AppError>) -> (Result<u32, AppError>, bool) {
    let mut called = false;
    let result = cache
        .get_or_load(&key, async || {
            called = true;
            end
        })
        .await;
    (result, called)
}

async fn fail(cache: &Cache<u32, u32>, key: u32) {
    assert_eq!(ask(cache, key, Err(AppError::Down)).await, (Err(AppError::Down), true));
}

fn same_failure() -> AppError {
    AppError::Load(LoadFailed::Leader("database is down".into()))
}

#[tokio::test(start_paused = true)]
async fn without_a_stale_value_callers_get_the_same_failure() {
    let cache = cache();
    assert_eq!(ask(&cache, 1, Err(AppError::Down)).await, (Err(AppError::Down), true));
    assert_eq!(ask(&cache, 1, Ok(1)).await, (Err(same_failure()), false));
    assert_eq!(ask(&cache, 2, Ok(2)).await, (Ok(2), true), "other keys are loaded");
    advance(FIRST).await;
    assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(1), true));
}

#[tokio::test(start_paused = true)]
async fn with_a_stale_value_they_get_that() {
    let cache = cache();
    cache.insert(&1, 100).await;
    advance(TTL + FIRST).await;
    assert_eq!(ask(&cache, 1, Err(AppError::Down)).await, (Ok(100), true));
    assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(100), false));
}

#[tokio::test(start_paused = true)]
async fn the_rest_grows_and_is_bounded() {
    let cache = cache();
    let mut rests = Vec::new();
    fail(&cache, 1).await;
    for _ in 0..8 {
        let mut rest = Duration::ZERO;
        while !ask(&cache, 1, Err(AppError::Down)).await.1 {
            advance(FIRST / 10).await;
            rest += FIRST / 10;
        }
        rests.push(rest);
    }
    for (failures, rest) in (0..).zip(&rests) {
        let longest = MAX.min(FIRST * 2_u32.pow(failures));
        assert!((longest / 2..=longest + FIRST / 10).contains(rest), "{rests:?}");
    }
    advance(MAX).await;
    // A success makes it short again.
    assert!(ask(&cache, 1, Ok(1)).await.1);
    cache.invalidate(&1).await;
    fail(&cache, 1).await;
    advance(FIRST).await;
    assert!(ask(&cache, 1, Ok(1)).await.1);
}

#[tokio::test(start_paused = true)]
async fn what_concerns_the_key_ends_the_rest() {
    let cache = cache();
    let tag = Tag::named("users");
    let fail = async || {
        let failed =
            cache.entry(&1).tags(|| [tag.clone()]).get_or_load(async || Err::<u32, _>(AppError::Down)).await;
        assert_eq!(failed, Err(AppError::Down));
        assert!(!ask(&cache, 1, Ok(1)).await.1, "it rests");
    };
    fail().await;
    cache.invalidate(&1).await;
    fail().await;
    cache.invalidate_tag(&tag).await;
    fail().await;
    cache.clear().await;
    fail().await;
    cache.insert(&1, 5).await;
    cache.invalidator().soft().key(&1).await;
    assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(1), true));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_fails_after_an_invalidation_does_not_put_the_key_to_rest() {
    let cache = cache();
    let tag = Tag::named("users");
    for by_tag in [true, false] {
        let (tell, told) = oneshot::channel::<()>();
        let load = start(cache.entry(&1).tags(|| [tag.clone()]).get_or_load(async || {
            told.await.expect("told");
            Err::<u32, _>(AppError::Down)
        }));
        if by_tag {
            cache.invalidate_tag(&tag).await;
        } else {
            cache.invalidate(&1).await;
        }
        tell.send(()).expect("waiting");
        assert_eq!(load.await, Err(AppError::Down));
        assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(1), true));
        cache.invalidate(&1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_reaches_everyone_and_no_stale_value_stands_in() {
    let cache = cache();
    cache.insert(&1, 100).await;
    advance(TTL + FIRST).await;
    let (tell, told) = oneshot::channel::<()>();
    let leader = start(cache.get_or_load(&1, async || {
        told.await.expect("told");
        Err::<u32, _>(AppError::Denied)
    }));
    let follower = start(cache.get_or_load(&1, async || Ok::<_, AppError>(1)));
    tell.send(()).expect("waiting");
    assert_eq!(leader.await, Err(AppError::Denied));
    assert_eq!(follower.await, Err(AppError::Load(LoadFailed::Leader("not allowed".into()))));
    assert_eq!(
        ask(&cache, 1, Err(AppError::Down)).await,
        (Ok(100), true),
        "no rest, and the stale value is kept"
    );
}

#[tokio::test(start_paused = true)]
async fn not_found_is_as_absent() {
    let cache = cache();
    cache.insert(&1, 100).await;
    advance(TTL + FIRST).await;
    let (tell, told) = oneshot::channel::<()>();
    let leader = start(cache.get_or_load(&1, async || {
        told.await.expect("told");
        Err::<Option<u32>, _>(AppError::NoUser)
    }));
    let follower = start(cache.get_or_load(&1, async || Ok::<_, AppError>(1)));
    let optional = start(cache.get_or_load(&1, async || Ok::<_, AppError>(Some(1))));
    tell.send(()).expect("waiting");
    assert_eq!(leader.await, Err(AppError::NoUser));
    assert_eq!(follower.await, Err(AppError::Load(LoadFailed::Leader("no such user".into()))));
    assert_eq!(optional.await, Ok(None));
    assert!(cache.is_empty(), "the stale value went");
    assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(1), true), "and the key does not rest");
}

#[tokio::test(start_paused = true)]
async fn background_loads_rest_as_well() {
    let loads = Arc::<AtomicU32>::default();
    let counter = loads.clone();
    let cache = builder()
        .stale_while_revalidate(100 * TTL)
        .loader(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            async { Err::<Option<Arc<u32>>, LoaderError>(Box::new(AppError::Down)) }
        })
        .build()
        .expect("valid settings");
    cache.insert(&1, 100).await;
    advance(TTL + FIRST).await;
    for _ in 0..5 {
        assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(100), false));
        settle().await;
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    advance(FIRST).await;
    assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(100), false));
    settle().await;
    assert_eq!(loads.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn errors_of_owned_loaders_are_classified_with_what_caused_them() {
    #[derive(Debug, thiserror::Error)]
    #[error("while loading")]
    struct Context(#[source] AppError);
    let cache = builder()
        .stale_while_revalidate(TTL)
        .loader(|_| async { Err::<Option<Arc<u32>>, LoaderError>(Context(AppError::NoUser).into()) })
        .build()
        .expect("valid settings");
    cache.insert(&1, 100).await;
    advance(TTL + FIRST).await;
    assert_eq!(cache.get(&1).await.as_deref(), Some(&100));
    settle().await;
    assert!(cache.is_empty(), "there is no such thing");
}

#[tokio::test(start_paused = true)]
async fn a_classifier_that_panics_poisons_nothing() {
    let cache: Cache<u32, u32> =
        Cache::builder("users").classify(|_| panic!("on purpose")).build().expect("valid settings");
    let panicking = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get_or_load(&1, async || Err::<u32, _>(AppError::Down)).await }
    });
    assert!(panicking.await.expect_err("it panicked").is_panic());
    assert_eq!(ask(&cache, 1, Ok(1)).await, (Ok(1), true));
}

#[tokio::test(start_paused = true)]
async fn the_table_of_failing_keys_is_bounded_and_counted() {
    let recorder = Arc::new(WindowRecorder::new(RecorderConfig::default()).expect("valid settings"));
    let cache = builder()
        .failing_keys_max(2)
        .meter(&Meter::shared(recorder.clone()))
        .build()
        .expect("valid settings");
    for key in 1..=3 {
        fail(&cache, key).await;
    }
    assert!(!ask(&cache, 1, Ok(1)).await.1 && !ask(&cache, 2, Ok(1)).await.1);
    assert!(ask(&cache, 3, Err(AppError::Down)).await.1, "there was no room to remember it");
    let count = |outcome: &str| {
        let labels = [("cache", "users"), ("outcome", outcome)];
        recorder.snapshot().counter("forebay_cache_backoff_total", &labels).map_or(0, |counter| counter.total)
    };
    assert_eq!((count("spared"), count("unremembered")), (2, 2));
    advance(2 * MAX + FIRST).await;
    fail(&cache, 3).await;
    assert!(!ask(&cache, 3, Ok(1)).await.1, "the others are long forgotten");
}
