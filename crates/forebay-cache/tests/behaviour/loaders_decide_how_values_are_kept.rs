//! A loader that talks to the cache sees the old value, may say that it is still right, and decides how the new one is kept.

use crate::support::{settle, start};
use async_trait::async_trait;
use forebay_cache::{Cache, CacheBuilder, Clock, Load, LoadFailed, Loader, LoaderError, Tag};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;

const TTL: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CacheBuilder<u32, String> {
    Cache::builder("pages").ttl(TTL).clock(Clock::tokio())
}

fn cache() -> Cache<u32, String> {
    builder().build().expect("valid settings")
}

#[tokio::test(start_paused = true)]
async fn not_modified_keeps_the_old_value_as_if_it_were_new() {
    let cache = cache();
    let tag = Tag::named("page");
    let first = cache
        .entry(&1)
        .get_or_load_with(async |load| {
            assert!(load.previous().is_none());
            load.validator("v1").tags([tag.clone()]);
            Arc::new("page".to_owned())
        })
        .await;
    tokio::time::advance(TTL + SECOND).await;
    assert!(cache.peek(&1).is_none());
    let again = cache
        .entry(&1)
        .get_or_load_with(async |load| {
            let old = load.previous().expect("it is stale, not gone");
            assert_eq!(
                (old.value().as_str(), old.validator(), old.age()),
                ("page", Some("v1"), TTL + SECOND)
            );
            load.not_modified().expect("there is an old value")
        })
        .await;
    assert!(Arc::ptr_eq(&first, &again), "no copy of it was made");
    tokio::time::advance(TTL - SECOND).await;
    assert!(cache.peek(&1).is_some(), "it is fresh again");
    // The validator stays, and so do the tags.
    tokio::time::advance(TTL).await;
    cache
        .entry(&1)
        .get_or_load_with(async |load| {
            assert_eq!(load.previous().and_then(|old| old.validator()), Some("v1"));
            load.not_modified().expect("there is an old value")
        })
        .await;
    cache.invalidate_tag(&tag).await;
    assert!(cache.peek(&1).is_none());
}

#[tokio::test(start_paused = true)]
async fn the_old_value_is_seen_after_a_soft_invalidation_and_not_after_a_hard_one() {
    let cache = cache();
    let seen =
        async || cache.entry(&1).get_or_load_with(async |load| load.previous().is_some().to_string()).await;
    cache.insert(&1, "old".to_owned()).await;
    cache.invalidator().soft().key(&1).await;
    assert_eq!(seen().await, "true");
    cache.invalidate(&1).await;
    assert_eq!(seen().await, "false");
    cache.clear().await;
    assert_eq!(seen().await, "false");
}

#[tokio::test(start_paused = true)]
async fn not_modified_is_fenced_by_an_invalidation_meanwhile() {
    let cache = cache();
    let tag = Tag::named("page");
    for hard_key in [true, false] {
        cache.entry(&1).tags(|| [tag.clone()]).insert("old".to_owned()).await;
        tokio::time::advance(TTL + SECOND).await;
        let (tell, told) = oneshot::channel::<()>();
        let load = start(cache.entry(&1).get_or_load_with(async |load: &mut Load<String>| {
            let same = load.not_modified().expect("there is an old value");
            told.await.expect("told");
            same
        }));
        if hard_key {
            cache.invalidate(&1).await;
        } else {
            cache.invalidate_tag(&tag).await;
        }
        tell.send(()).expect("waiting");
        assert_eq!(load.await.as_str(), "old", "its own caller began before the invalidation");
        assert!(cache.peek(&1).is_none(), "the source was asked before the invalidation");
    }
}

#[tokio::test(start_paused = true)]
async fn the_loader_decides_the_ttl_and_the_windows() {
    let cache = builder().stale_if_error(TTL).build().expect("valid settings");
    let load = async |key: u32, ttl: Duration, window: Duration| {
        cache
            .entry(&key)
            .ttl(Duration::from_secs(100))
            .get_or_load_with(async |load| {
                load.ttl(ttl).stale_if_error(window);
                "page".to_owned()
            })
            .await
    };
    load(1, SECOND, Duration::ZERO).await;
    load(2, SECOND, 2 * TTL).await;
    assert!(cache.peek(&1).is_some());
    tokio::time::advance(SECOND + TTL).await;
    let failing = async |key: u32| {
        cache.get_or_load(&key, async || Err::<String, _>(LoadFailed::Leader("down".into()))).await
    };
    assert!(cache.peek(&2).is_none(), "past its ttl");
    assert!(failing(1).await.is_err());
    assert_eq!(failing(2).await, Ok("page".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_kept_is_given_to_those_who_wait() {
    let cache = cache();
    let (tell, told) = oneshot::channel::<()>();
    let leader = start(cache.entry(&1).get_or_load_with(async |load: &mut Load<String>| {
        load.do_not_keep();
        told.await.expect("told");
        "once".to_owned()
    }));
    let follower = start(cache.get_or_load(&1, async || "own".to_owned()));
    tell.send(()).expect("waiting");
    assert_eq!((leader.await, follower.await), ("once".to_owned(), "once".to_owned()));
    assert!(cache.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_panics_while_it_talks_poisons_nothing() {
    let cache = cache();
    let panicking = tokio::spawn({
        let cache = cache.clone();
        async move {
            let load = cache.entry(&1).get_or_load_with(async |load: &mut Load<String>| -> String {
                load.ttl(SECOND);
                panic!("on purpose")
            });
            load.await
        }
    });
    assert!(panicking.await.expect_err("it panicked").is_panic());
    assert_eq!(cache.get_or_load(&1, async || "new".to_owned()).await, "new");
}

#[tokio::test(start_paused = true)]
async fn the_ttl_follows_the_value() {
    let cache: Cache<u32, Option<u32>> = Cache::builder("numbers")
        .ttl(TTL)
        .ttl_from(|_, number: &Option<u32>| number.is_none().then_some(SECOND))
        .clock(Clock::tokio())
        .build()
        .expect("valid settings");
    assert_eq!(cache.get_or_load(&1, async || Some(1)).await, Some(1));
    assert_eq!(cache.get_or_load(&2, async || None::<u32>).await, None);
    cache.insert(&3, None).await;
    assert!(cache.peek(&2).is_some_and(|kept| kept.is_none()), "that there is none is known");
    tokio::time::advance(2 * SECOND).await;
    assert!(cache.peek(&1).is_some());
    assert!(cache.peek(&2).is_none() && cache.peek(&3).is_none(), "but not for as long");
}

#[tokio::test(start_paused = true)]
async fn a_ttl_from_that_panics_poisons_nothing() {
    let cache: Cache<u32, u32> = Cache::builder("numbers")
        .ttl_from(|_, number: &u32| if *number == 13 { panic!("on purpose") } else { None })
        .build()
        .expect("valid settings");
    let panicking = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get_or_load(&1, async || 13).await }
    });
    assert!(panicking.await.expect_err("it panicked").is_panic());
    assert_eq!(cache.get_or_load(&1, async || 1).await, 1);
}

/// Brings `page 1`, `page 2`, …, as long as the old one is not from before.
struct Pages {
    loads: Arc<AtomicU32>,
    gives_tags: bool,
}

#[async_trait]
impl Loader<u32, String> for Pages {
    async fn load(&self, _: &u32) -> Result<Option<Arc<String>>, LoaderError> {
        Err("the cache asks for `load_with`".into())
    }

    async fn load_with(&self, _: &u32, load: &mut Load<String>) -> Result<Option<Arc<String>>, LoaderError> {
        let number = self.loads.fetch_add(1, Ordering::Relaxed) + 1;
        load.tags([Tag::named("owned")]).ttl(SECOND);
        Ok(match load.previous().and_then(|old| old.validator()) {
            Some("v1") => load.not_modified(),
            _ => {
                load.validator("v1");
                Some(Arc::new(format!("page {number}")))
            }
        })
    }

    fn gives_tags(&self) -> bool {
        self.gives_tags
    }
}

fn refreshing(gives_tags: bool) -> (Cache<u32, String>, Arc<AtomicU32>) {
    let loads = Arc::<AtomicU32>::default();
    let pages = Pages { loads: loads.clone(), gives_tags };
    (builder().stale_while_revalidate(TTL).loader(pages).build().expect("valid settings"), loads)
}

#[tokio::test(start_paused = true)]
async fn an_owned_loader_has_the_same_powers() {
    let (cache, loads) = refreshing(true);
    let call = async || cache.get_or_load(&1, async || "inline".to_owned()).await;
    call().await;
    tokio::time::advance(TTL + SECOND).await;
    assert_eq!(call().await, "inline");
    settle().await;
    assert_eq!(cache.peek(&1).as_deref().map(String::as_str), Some("page 1"));
    tokio::time::advance(2 * SECOND).await;
    assert!(cache.peek(&1).is_none(), "the loader's ttl");
    call().await;
    settle().await;
    assert_eq!(loads.load(Ordering::Relaxed), 2);
    assert_eq!(cache.peek(&1).as_deref().map(String::as_str), Some("page 1"), "it was not modified");
    cache.invalidate_tag(&Tag::named("owned")).await;
    assert!(cache.peek(&1).is_none(), "the loader's tag");
}

#[tokio::test(start_paused = true)]
async fn tags_that_an_owned_loader_did_not_announce_are_not_trusted() {
    let (cache, loads) = refreshing(false);
    cache.insert(&1, "old".to_owned()).await;
    tokio::time::advance(TTL + SECOND).await;
    cache.get(&1).await;
    settle().await;
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    assert!(cache.peek(&1).is_none(), "what the load had to read was not known when it began");
}
