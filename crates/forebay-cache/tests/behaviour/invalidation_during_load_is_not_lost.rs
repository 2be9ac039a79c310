//! A value whose load began before an invalidation is never served after it, whatever the order of the two.

use crate::support::start;
use forebay_cache::{Cache, Tag};
use tokio::sync::oneshot;

fn cache() -> Cache<u32, String> {
    Cache::builder("words").build().expect("valid settings")
}

async fn slow(told: oneshot::Receiver<()>, value: &str) -> String {
    told.await.expect("told");
    value.to_owned()
}

#[tokio::test]
async fn of_the_key() {
    let cache = cache();
    let (tell, told) = oneshot::channel();
    let old = start(cache.get_or_load(&1, async || slow(told, "old").await));
    cache.invalidate(&1).await;
    // Who comes after it does not join the older load.
    assert_eq!(cache.get_or_load(&1, async || "new".to_owned()).await, "new");
    tell.send(()).expect("waiting");
    assert_eq!(old.await, "old", "its own caller began before the invalidation");
    assert_eq!(cache.get(&1).await.as_deref(), Some(&"new".to_owned()));
}

#[tokio::test]
async fn of_a_tag() {
    let cache = cache();
    let tag = Tag::named("greetings");
    let (tell, told) = oneshot::channel();
    let old = start(cache.entry(&1).tags(|| [tag.clone()]).get_or_load(async || slow(told, "old").await));
    cache.invalidate_tag(&tag).await;
    let after = start(cache.entry(&1).tags(|| [tag.clone()]).get_or_load(async || "new".to_owned()));
    tell.send(()).expect("waiting");
    assert_eq!(old.await, "old");
    assert!(cache.peek(&1).is_none(), "it was dead on arrival");
    assert_eq!(after.await, "new", "it waited, and did not take what began before it");
}

#[tokio::test]
async fn of_everything() {
    let cache = cache();
    let (tell, told) = oneshot::channel();
    let old = start(cache.get_or_load(&1, async || slow(told, "old").await));
    cache.clear().await;
    tell.send(()).expect("waiting");
    assert_eq!(old.await, "old");
    assert!(cache.peek(&1).is_none());
}

#[tokio::test]
async fn a_caller_that_waits_may_have_what_was_current_when_it_came() {
    let cache = cache();
    let (tell, told) = oneshot::channel();
    let old = start(cache.get_or_load(&1, async || slow(told, "old").await));
    let with_it = start(cache.get_or_load(&1, async || "new".to_owned()));
    cache.invalidate(&1).await;
    tell.send(()).expect("waiting");
    assert_eq!(old.await, "old");
    assert_eq!(with_it.await, "old");
    assert!(cache.peek(&1).is_none());
}

#[tokio::test]
async fn a_waiter_that_takes_over_after_an_invalidation_stores_what_it_loads() {
    let cache = cache();
    let leader = start(cache.get_or_load(&1, async || std::future::pending::<String>().await));
    let waiter = start(cache.get_or_load(&1, async || "new".to_owned()));
    cache.invalidate(&1).await;
    drop(leader);
    assert_eq!(waiter.await, "new");
    assert_eq!(cache.peek(&1).as_deref(), Some(&"new".to_owned()));
}

#[tokio::test]
async fn a_load_does_not_undo_an_insert() {
    let cache = cache();
    let (tell, told) = oneshot::channel();
    let old = start(cache.get_or_load(&1, async || slow(told, "old").await));
    cache.insert(&1, "new".to_owned()).await;
    tell.send(()).expect("waiting");
    assert_eq!(old.await, "old");
    assert_eq!(cache.peek(&1).as_deref(), Some(&"new".to_owned()));
}
