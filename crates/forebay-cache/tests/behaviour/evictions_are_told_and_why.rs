//! Whoever asked is told of each entry that leaves memory, outside of all locks, and memory can be swept and resized.

use crate::support::{eventually, settle};
use forebay_cache::{Cache, CacheBuilder, Clock, EvictCause, Tag};
use std::{
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

type Told = Arc<Mutex<Vec<(u32, String, EvictCause)>>>;

fn listening() -> (CacheBuilder<u32, String>, Told) {
    let told = Told::default();
    let into = told.clone();
    let builder = Cache::builder("words").clock(Clock::tokio()).on_evict(
        move |key: &u32, value: &Arc<String>, cause| {
            into.lock().expect("nobody panics while holding it").push((*key, value.to_string(), cause));
        },
    );
    (builder, told)
}

fn take(told: &Told) -> Vec<(u32, String, EvictCause)> {
    std::mem::take(&mut *told.lock().expect("nobody panics while holding it"))
}

#[tokio::test]
async fn a_value_that_takes_anothers_place_replaces_it() {
    let (builder, told) = listening();
    let cache = builder.build().expect("valid settings");
    cache.insert(&1, "old".to_owned()).await;
    assert!(take(&told).is_empty());
    cache.insert(&1, "new".to_owned()).await;
    assert_eq!(take(&told), [(1, "old".to_owned(), EvictCause::Replaced)]);
}

#[tokio::test]
async fn a_touched_value_did_not_leave() {
    let (builder, told) = listening();
    let cache = builder.build().expect("valid settings");
    cache.insert(&1, "one".to_owned()).await;
    assert!(cache.touch(&1).await);
    assert!(take(&told).is_empty());
    cache.insert(&1, "two".to_owned()).await;
    assert_eq!(take(&told), [(1, "one".to_owned(), EvictCause::Replaced)]);
}

#[tokio::test]
async fn an_invalidated_key_leaves_at_once_and_a_tagged_one_when_swept() {
    let (builder, told) = listening();
    let cache = builder.build().expect("valid settings");
    cache.insert(&1, "one".to_owned()).await;
    cache.entry(&2).tags(|| [Tag::named("even")]).insert("two".to_owned()).await;
    cache.invalidate(&1).await;
    assert_eq!(take(&told), [(1, "one".to_owned(), EvictCause::Invalidated)]);
    cache.invalidate_tag(&Tag::named("even")).await;
    assert!(take(&told).is_empty(), "nobody looked for it yet");
    assert_eq!(cache.sweep(), 1);
    assert_eq!(take(&told), [(2, "two".to_owned(), EvictCause::Invalidated)]);
}

#[tokio::test]
async fn what_a_reload_finds_gone_is_absent() {
    let (builder, told) = listening();
    let cache = builder.stale_if_error(Duration::from_secs(60)).build().expect("valid settings");
    cache.insert(&1, "one".to_owned()).await;
    cache.invalidator().soft().key(&1).await;
    assert_eq!(cache.get_or_load(&1, async || None::<String>).await, None);
    assert_eq!(take(&told), [(1, "one".to_owned(), EvictCause::Absent)]);
}

#[tokio::test]
async fn a_smaller_capacity_evicts_at_once() {
    let (builder, told) = listening();
    let cache = builder.capacity(1_000).build().expect("valid settings");
    for key in 0..1_000 {
        cache.insert(&key, key.to_string()).await;
    }
    take(&told);
    let before = cache.len();
    cache.set_capacity(100);
    assert!(cache.len() < 200 && cache.capacity() < 200, "{} of {}", cache.len(), cache.capacity());
    let gone = take(&told);
    assert_eq!(gone.len(), before - cache.len());
    assert!(gone.iter().all(|(.., cause)| *cause == EvictCause::Capacity));
    cache.set_capacity(1_000);
    for key in 0..1_000 {
        cache.insert(&key, key.to_string()).await;
    }
    assert!(cache.len() > 500, "{}", cache.len());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_every_now_and_then_drops_what_expired_and_nothing_else() {
    let (builder, told) = listening();
    let cache = builder.sweep_every(Duration::from_secs(60)).build().expect("valid settings");
    for key in 0..1_000 {
        cache.entry(&key).ttl(Duration::from_secs(30)).insert(key.to_string()).await;
    }
    cache.insert(&1_000, "stays".to_owned()).await;
    settle().await;
    tokio::time::advance(Duration::from_secs(61)).await;
    eventually("all that expired is gone", async || cache.len() == 1).await;
    let gone = take(&told);
    assert_eq!(gone.len(), 1_000);
    assert!(gone.iter().all(|(.., cause)| *cause == EvictCause::Expired));
    assert_eq!(cache.peek(&1_000).as_deref(), Some(&"stays".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_that_may_still_stand_in_is_not_swept() {
    let (builder, told) = listening();
    let builder = builder.ttl(Duration::from_secs(30)).stale_if_error(Duration::from_secs(60));
    let cache = builder.build().expect("valid settings");
    cache.insert(&1, "one".to_owned()).await;
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(cache.sweep(), 0);
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(cache.sweep(), 1);
    assert_eq!(take(&told), [(1, "one".to_owned(), EvictCause::Expired)]);
}

#[tokio::test]
async fn the_listener_may_use_the_cache_and_may_panic() {
    let cache = Arc::new(OnceLock::<Cache<u32, String>>::new());
    let inside = Arc::downgrade(&cache);
    let built = Cache::builder("words")
        .on_evict(move |key: &u32, _: &Arc<String>, cause| {
            let cache = inside.upgrade().expect("it is used");
            let cache = cache.get().expect("it was built");
            assert!(cache.peek(key).is_none() || cause == EvictCause::Replaced);
            cache.set_capacity(100);
            assert_eq!(*key, 1, "told to panic");
        })
        .build()
        .expect("valid settings");
    let cache = cache.get_or_init(|| built);
    for key in [1, 2] {
        cache.insert(&key, "old".to_owned()).await;
        cache.insert(&key, "new".to_owned()).await;
        cache.invalidator().key(&key).await;
        assert_eq!(cache.get_or_load(&key, async || "again".to_owned()).await, "again");
    }
}

#[tokio::test]
async fn no_pause_between_sweeps_is_refused() {
    let error = Cache::<u32, String>::builder("words").sweep_every(Duration::ZERO).build().unwrap_err();
    assert!(error.to_string().contains("sweep_every"), "{error}");
}
