//! A value that goes unread for too long is loaded again, and one that is read lives as long as its ttl lets it.

use forebay_cache::{Cache, CacheBuilder, CacheError, Clock, LoadFailed, Tag};
use std::time::Duration;
use tokio::time::advance;

const TTL: Duration = Duration::from_secs(100);
const IDLE: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CacheBuilder<u32, u32> {
    Cache::builder("sessions").ttl(TTL).idle_max(IDLE).clock(Clock::tokio())
}

#[tokio::test(start_paused = true)]
async fn reads_keep_it_up_to_its_greatest_age() {
    let cache = builder().build().expect("valid settings");
    cache.insert(&1, 1).await;
    cache.entry(&2).tags(|| [Tag::named("n")]).insert(2).await;
    let mut lived = Duration::ZERO;
    while cache.peek(&1).is_some() && cache.get(&2).await.is_some() {
        advance(IDLE / 2).await;
        lived += IDLE / 2;
    }
    assert_eq!(lived, TTL);
}

#[tokio::test(start_paused = true)]
async fn unread_it_is_loaded_again() {
    let cache = builder().stale_if_error(TTL).build().expect("valid settings");
    cache.insert(&1, 1).await;
    advance(IDLE - SECOND).await;
    assert!(cache.peek(&1).is_some());
    advance(IDLE).await;
    assert!(cache.peek(&1).is_none());
    let failed = cache.get_or_load(&1, async || Err::<u32, _>(LoadFailed::Deadline)).await;
    assert_eq!(failed, Ok(1), "it may stand in for a load that fails");
    assert_eq!(cache.get_or_load(&1, async || 2).await, 2);
    assert!(cache.peek(&1).is_some());
}

#[tokio::test(start_paused = true)]
async fn unread_values_are_swept() {
    let cache = builder().build().expect("valid settings");
    cache.insert(&1, 1).await;
    cache.insert(&2, 2).await;
    advance(IDLE / 2).await;
    assert!(cache.peek(&2).is_some());
    advance(IDLE / 2).await;
    cache.sweep();
    assert_eq!(cache.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_is_not_undone_by_reads() {
    let cache = builder().build().expect("valid settings");
    let tag = Tag::named("n");
    cache.entry(&1).tags(|| [tag.clone()]).insert(1).await;
    assert!(cache.peek(&1).is_some());
    cache.invalidate_tag(&tag).await;
    assert!(cache.peek(&1).is_none());
    cache.insert(&1, 1).await;
    cache.invalidate(&1).await;
    assert!(cache.peek(&1).is_none());
}

#[test]
fn it_needs_a_greatest_age_and_one_node() {
    let plain = || Cache::<u32, u32>::builder("sessions");
    for builder in [
        plain().idle_max(IDLE),
        plain().ttl(SECOND).idle_max(IDLE),
        builder().idle_max(Duration::ZERO),
        builder().shared(),
    ] {
        let CacheError::Setting { setting, .. } = builder.build().expect_err("refused") else {
            panic!("another")
        };
        assert_eq!(setting, "idle_max");
    }
}
