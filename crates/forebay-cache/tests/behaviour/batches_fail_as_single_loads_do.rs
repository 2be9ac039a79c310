//! What an error, a panic or too much time means for a single load it means for each key of a batch.

use crate::support::start;
use forebay_cache::{Cache, CacheBuilder, Clock, ErrorKind, LoadFailed, Many};
use std::{cell::Cell, future::pending, sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, advance},
};

const TTL: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
enum AppError {
    #[error("database is down")]
    Down,
    #[error("no such users")]
    NoUsers,
    #[error("not allowed")]
    Denied,
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

type Pairs = Result<Vec<(u32, u32)>, AppError>;

fn builder() -> CacheBuilder<u32, u32> {
    Cache::builder("users")
        .ttl(TTL)
        .stale_if_error(100 * TTL)
        .clock(Clock::tokio())
        .backoff(REST, REST)
        .classify(|error| match error.get::<AppError>() {
            Some(AppError::NoUsers) => ErrorKind::NotFound,
            Some(AppError::Denied) => ErrorKind::Fatal,
            _ => ErrorKind::Transient,
        })
}

/// A cache with a stale value for key 1, and none for key 2.
async fn cache(builder: CacheBuilder<u32, u32>) -> Cache<u32, u32> {
    let cache = builder.build().expect("valid settings");
    cache.insert(&1, 100).await;
    advance(TTL).await;
    cache
}

/// Asks for keys 1 and 2, whose load ends so.
async fn ask(cache: &Cache<u32, u32>, end: Pairs) -> Many<u32, AppError> {
    cache.get_or_load_many(&[1, 2], async |_: Vec<u32>| end.clone()).await
}

/// Whether the keys are loaded when they are asked for now.
async fn is_loaded(cache: &Cache<u32, u32>) -> bool {
    let called = Cell::new(false);
    let load = async |_: Vec<u32>| {
        called.set(true);
        Err::<Vec<(u32, u32)>, _>(AppError::Denied)
    };
    drop(cache.get_or_load_many(&[1, 2], load).await);
    called.get()
}

fn leader(error: &AppError) -> LoadFailed {
    LoadFailed::Leader(error.to_string().into())
}

#[tokio::test(start_paused = true)]
async fn a_transient_error_lets_stale_values_stand_in_and_puts_the_keys_to_rest() {
    let cache = cache(builder()).await;
    let many = ask(&cache, Err(AppError::Down)).await;
    assert_eq!(many.found, [Ok(Some(Arc::new(100))), Err(leader(&AppError::Down))]);
    assert_eq!(many.error, Some(AppError::Down));
    let many = ask(&cache, Ok(vec![(1, 1), (2, 2)])).await;
    assert_eq!(many.found, [Ok(Some(Arc::new(100))), Err(leader(&AppError::Down))], "they rest");
    assert!(!is_loaded(&cache).await);
    advance(REST).await;
    let many = ask(&cache, Ok(vec![(1, 1), (2, 2)])).await;
    assert_eq!(many.found, [Ok(Some(Arc::new(1))), Ok(Some(Arc::new(2)))]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_found_is_absent_and_stale_values_go() {
    let cache = cache(builder()).await;
    let many = ask(&cache, Err(AppError::NoUsers)).await;
    assert_eq!((many.found, many.error), (vec![Ok(None), Ok(None)], Some(AppError::NoUsers)));
    assert!(cache.is_empty());
    assert!(is_loaded(&cache).await, "nothing rests");
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_reaches_everyone_and_no_stale_value_stands_in() {
    let cache = cache(builder()).await;
    let gate = Semaphore::new(0);
    let batch = start(cache.get_or_load_many(&[1, 2], async |_: Vec<u32>| -> Pairs {
        drop(gate.acquire().await.expect("open"));
        Err(AppError::Denied)
    }));
    let follower = start(cache.get_or_load(&1, async || Ok::<_, AppError>(1)));
    gate.add_permits(1);
    let failed = || leader(&AppError::Denied);
    assert_eq!(batch.await.found, [Err(failed()), Err(failed())]);
    assert_eq!(follower.await, Err(AppError::Load(failed())));
    assert!(!cache.is_empty(), "the stale value is kept");
    assert!(is_loaded(&cache).await, "nothing rests");
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_too_long_is_stopped() {
    let cache = cache(builder().load_max(REST)).await;
    let began = Instant::now();
    let many = cache.get_or_load_many(&[1, 2], async |_: Vec<u32>| pending::<Pairs>().await).await;
    assert_eq!(began.elapsed().as_millis(), REST.as_millis());
    assert_eq!(many.found, [Ok(Some(Arc::new(100))), Err(LoadFailed::Deadline)]);
    assert!(many.error.is_none());
    assert!(!is_loaded(&cache).await, "they rest");
}

#[tokio::test(start_paused = true)]
async fn one_that_panics_fails_those_who_wait_and_puts_the_keys_to_rest() {
    let cache = cache(builder()).await;
    let gate = Arc::new(Semaphore::new(0));
    let batch = tokio::spawn({
        let (cache, gate) = (cache.clone(), gate.clone());
        async move {
            let load = async |_: Vec<u32>| -> Pairs {
                drop(gate.acquire().await.expect("open"));
                panic!("on purpose")
            };
            cache.get_or_load_many(&[1, 2], load).await
        }
    });
    crate::support::settle().await;
    let follower = start(cache.get_or_load(&2, async || Ok::<_, AppError>(2)));
    gate.add_permits(1);
    assert!(batch.await.expect_err("its own caller panics").is_panic());
    assert_eq!(follower.await, Err(AppError::Load(LoadFailed::Panicked)));
    assert!(!is_loaded(&cache).await, "they rest");
    assert_eq!(cache.stats().load_failures, 2);
}

#[tokio::test(start_paused = true)]
async fn a_batch_takes_one_turn() {
    let cache = cache(builder().loads_max(1).load_wait_max(REST)).await;
    let batch = start(cache.get_or_load_many(&[1, 2], async |_: Vec<u32>| pending::<Pairs>().await));
    let busy = cache.get_or_load(&3, async || Ok::<_, LoadFailed>(3)).await;
    assert_eq!(busy, Err(LoadFailed::Busy));
    drop(batch);
    let _single = start(cache.get_or_load(&3, async || pending::<Result<u32, LoadFailed>>().await));
    let many = ask(&cache, Ok(vec![(1, 1), (2, 2)])).await;
    assert_eq!(many.found, [Ok(Some(Arc::new(100))), Err(LoadFailed::Busy)]);
}

#[tokio::test(start_paused = true)]
async fn what_another_loads_is_waited_for_up_to_the_soft_timeout() {
    let soft = REST / 10;
    let owned = |_| async { Ok(None) };
    let cache = cache(builder().soft_timeout(soft).loader(owned)).await;
    // Its tags are its caller's, so that the cache's own loader cannot take its place.
    let entry = cache.entry(&1).tags_from(|_| []).refresh(async || 100);
    assert_eq!(entry.await, 100);
    advance(TTL).await;
    let _single = start(cache.get_or_load(&1, async || pending::<u32>().await));
    let began = Instant::now();
    let many = ask(&cache, Ok(vec![(2, 2)])).await;
    assert_eq!(many.found, [Ok(Some(Arc::new(100))), Ok(Some(Arc::new(2)))]);
    assert_eq!(began.elapsed().as_millis(), soft.as_millis());
}
