//! `touch` restarts the ttl of a value that is still valid, and undoes no invalidation.
#![cfg(feature = "test-util")]

use crate::support::eventually;
use forebay_cache::{Cache, Clock, Tag, testing::Cluster};
use std::time::Duration;
use tokio::time::advance;

const TTL: Duration = Duration::from_secs(30);

fn cache() -> Cache<u32, String> {
    let builder = Cache::builder("words").clock(Clock::tokio()).ttl(TTL);
    builder.stale_if_error(TTL).build().expect("valid settings")
}

#[tokio::test(start_paused = true)]
async fn it_lives_its_ttl_again_with_its_tags() {
    let cache = cache();
    assert!(!cache.touch(&1).await, "there is none");
    cache.entry(&1).tags(|| [Tag::named("a")]).insert("one".to_owned()).await;
    advance(TTL - Duration::from_secs(1)).await;
    assert!(cache.touch(&1).await);
    advance(TTL - Duration::from_secs(1)).await;
    assert!(cache.peek(&1).is_some());
    assert!(cache.entry(&1).ttl(TTL * 10).touch().await);
    advance(TTL * 9).await;
    assert!(cache.peek(&1).is_some(), "for a ttl of its own");
    cache.invalidate_tag(&Tag::named("a")).await;
    assert!(cache.peek(&1).is_none(), "it kept its tags");
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_is_revived_and_an_invalidated_one_is_not() {
    let cache = cache();
    cache.insert(&1, "one".to_owned()).await;
    advance(TTL + Duration::from_secs(1)).await;
    assert!(cache.peek(&1).is_none());
    assert!(cache.touch(&1).await);
    assert!(cache.peek(&1).is_some());
    cache.invalidator().soft().key(&1).await;
    assert!(!cache.touch(&1).await);
    cache.entry(&2).tags(|| [Tag::named("b")]).insert("two".to_owned()).await;
    cache.invalidator().soft().tag(&Tag::named("b")).await;
    assert!(!cache.touch(&2).await, "it is a mere fallback");
    assert!(cache.peek(&1).is_none() && cache.peek(&2).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_remote_tier_hears_of_it() {
    let cluster = Cluster::start("shop", 2).await;
    let words: Vec<Cache<u32, String>> = cluster.each(|space| {
        let builder = Cache::builder("words").namespace(space).clock(Clock::tokio()).ttl(TTL);
        builder.shared().build().expect("valid settings")
    });
    words[0].insert(&1, "one".to_owned()).await;
    eventually("the tier has it", async || cluster.shelf().has_entry(&1_u32.to_be_bytes())).await;
    advance(TTL / 2).await;
    assert!(words[0].touch(&1).await);
    crate::support::settle().await;
    advance(TTL / 2 + Duration::from_secs(5)).await;
    assert!(words[1].get(&1).await.is_some(), "past its first ttl");
    advance(TTL / 2).await;
    assert!(words[1].get(&1).await.is_none());
}
