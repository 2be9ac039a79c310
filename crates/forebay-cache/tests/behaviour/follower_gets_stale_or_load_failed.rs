//! What callers get when the load they waited for does not bring a value.

use crate::support::start;
use forebay_cache::{Cache, CacheBuilder, Clock, LoadFailed};
use std::time::Duration;
use tokio::sync::oneshot;

const TTL: Duration = Duration::from_secs(10);

#[derive(Debug, PartialEq, thiserror::Error)]
enum AppError {
    #[error("database is down")]
    Down,
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

fn builder() -> CacheBuilder<u32, String> {
    Cache::builder("words").ttl(TTL).clock(Clock::tokio())
}

async fn fails(tell: oneshot::Receiver<()>) -> Result<String, AppError> {
    tell.await.expect("told");
    Err(AppError::Down)
}

#[tokio::test(start_paused = true)]
async fn without_a_stale_value_the_leader_keeps_its_error_and_others_get_load_failed() {
    let cache = builder().build().expect("valid settings");
    let (tell, told) = oneshot::channel();
    let leader = start(cache.get_or_load(&1, async || fails(told).await));
    let follower = start(cache.get_or_load(&1, async || Ok::<_, AppError>("own".to_owned())));
    tell.send(()).expect("waiting");
    assert_eq!(leader.await, Err(AppError::Down));
    let failed = LoadFailed::Leader("database is down".into());
    assert_eq!(follower.await, Err(AppError::Load(failed)));
    // The key is not poisoned.
    assert_eq!(cache.get_or_load(&1, async || Ok::<_, AppError>("back".to_owned())).await, Ok("back".into()));
}

#[tokio::test(start_paused = true)]
async fn within_its_window_a_stale_value_stands_in_for_everyone() {
    let cache = builder().stale_if_error(TTL).build().expect("valid settings");
    cache.insert(&1, "old".to_owned()).await;
    tokio::time::advance(TTL + Duration::from_secs(1)).await;
    let (tell, told) = oneshot::channel();
    let leader = start(cache.get_or_load(&1, async || fails(told).await));
    let follower = start(cache.get_or_load(&1, async || Ok::<_, AppError>("own".to_owned())));
    tell.send(()).expect("waiting");
    assert_eq!(leader.await, Ok("old".to_owned()));
    assert_eq!(follower.await, Ok("old".to_owned()));
    // Past the window it is gone.
    tokio::time::advance(TTL).await;
    let error = cache.get_or_load(&1, async || Err::<String, _>(AppError::Down)).await;
    assert_eq!(error, Err(AppError::Down));
}

#[tokio::test(start_paused = true)]
async fn a_soft_invalidation_leaves_a_fallback_and_a_hard_one_does_not() {
    let cache = builder().stale_if_error(TTL).build().expect("valid settings");
    let reload = async || cache.get_or_load(&1, async || Err::<String, _>(AppError::Down)).await;
    cache.insert(&1, "old".to_owned()).await;
    cache.invalidator().soft().key(&1).await;
    assert_eq!(cache.get(&1).await, None, "it is not served as if it were valid");
    assert_eq!(reload().await, Ok("old".to_owned()));
    cache.invalidate(&1).await;
    assert_eq!(reload().await, Err(AppError::Down));
    cache.insert(&1, "old".to_owned()).await;
    cache.invalidator().soft().clear().await;
    assert_eq!(reload().await, Ok("old".to_owned()));
    cache.clear().await;
    assert_eq!(reload().await, Err(AppError::Down));
}

#[tokio::test]
async fn a_panicking_leader_fails_those_who_wait_and_poisons_nothing() {
    let cache = builder().build().expect("valid settings");
    let (tell, told) = oneshot::channel::<()>();
    let leader = tokio::spawn({
        let cache = cache.clone();
        async move {
            cache
                .get_or_load(&1, async || -> Result<String, AppError> {
                    told.await.expect("told");
                    panic!("on purpose")
                })
                .await
        }
    });
    crate::support::settle().await;
    let follower = start(cache.get_or_load(&1, async || Ok::<_, AppError>("own".to_owned())));
    tell.send(()).expect("waiting");
    assert!(leader.await.expect_err("it panicked").is_panic());
    assert_eq!(follower.await, Err(AppError::Load(LoadFailed::Panicked)));
    assert_eq!(cache.get_or_load(&1, async || Ok::<_, AppError>("back".to_owned())).await, Ok("back".into()));
}

#[tokio::test]
async fn a_return_type_without_an_error_takes_over() {
    let cache = builder().build().expect("valid settings");
    let (tell, told) = oneshot::channel();
    let leader = start(cache.get_or_load(&1, async || fails(told).await));
    let follower = start(cache.get_or_load(&1, async || "own".to_owned()));
    tell.send(()).expect("waiting");
    assert_eq!(leader.await, Err(AppError::Down));
    assert_eq!(follower.await, "own");
}

#[tokio::test]
async fn what_the_leader_found_absent_is_absent_for_those_who_waited() {
    let cache = builder().build().expect("valid settings");
    let (tell, told) = oneshot::channel::<()>();
    let leader = start(cache.get_or_load(&1, async || {
        told.await.expect("told");
        None::<String>
    }));
    let follower = start(cache.get_or_load(&1, async || Some("own".to_owned())));
    tell.send(()).expect("waiting");
    assert_eq!(leader.await, None);
    assert_eq!(follower.await, None);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let cache = builder().load_max(Duration::from_secs(3)).build().expect("valid settings");
    let _leader = start(cache.get_or_load(&1, async || std::future::pending::<String>().await));
    let follower = cache.get_or_load(&1, async || Ok::<_, AppError>("own".to_owned())).await;
    assert_eq!(follower, Err(AppError::Load(LoadFailed::Deadline)));
    // The load that took too long is given up: a newcomer does not wait for it at all.
    assert_eq!(cache.get_or_load(&1, async || "new".to_owned()).await, "new");
}
