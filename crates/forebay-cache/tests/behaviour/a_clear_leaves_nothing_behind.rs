//! A hard clear takes what would have served as a fallback as well, from memory and from remote tiers; a soft one keeps it.

use crate::support::eventually;
use forebay_cache::{
    Cache, LoadFailed, Namespace,
    testing::{Hub, Shelf},
};
use forebay_metrics::Meter;
use std::{sync::Arc, time::Duration};

async fn fails() -> Result<String, LoadFailed> {
    Err(LoadFailed::Deadline)
}

struct Member {
    space: Namespace,
    words: Cache<u32, String>,
}

async fn member(hub: &Arc<Hub>, shelf: &Arc<Shelf>) -> Member {
    let builder = Namespace::builder("shop").sequencer(hub.node()).tier(shelf.guarded());
    let space = builder.meter(&Meter::disabled()).build().expect("valid settings");
    space.ready().await;
    let words = Cache::builder("words").namespace(&space).stale_if_error(Duration::MAX).shared();
    Member { words: words.build().expect("valid settings"), space }
}

/// Whether each kind of clear leaves a fallback: on the node that cleared, on one that heard of it, and on one that joins
/// later and finds the entry in the tier.
async fn left(clear: impl AsyncFn(&Member)) -> [bool; 3] {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let (a, b) = (member(&hub, &shelf).await, member(&hub, &shelf).await);
    a.words.insert(&1, "old".to_owned()).await;
    eventually("the tier is filled", async || shelf.len() == 1).await;
    assert_eq!(b.words.get(&1).await.as_deref(), Some(&"old".to_owned()));
    clear(&a).await;
    eventually("the other node heard", async || b.words.peek(&1).is_none()).await;
    assert!(a.words.peek(&1).is_none());
    let late = member(&hub, &shelf).await;
    let mut left = [false; 3];
    for (left, member) in left.iter_mut().zip([&a, &b, &late]) {
        *left = member.words.get_or_load(&1, fails).await.is_ok();
    }
    left
}

#[tokio::test]
async fn hard() {
    assert_eq!(
        left(async |a: &Member| {
            a.words.clear().await;
        })
        .await,
        [false; 3]
    );
    assert_eq!(
        left(async |a: &Member| {
            a.space.clear().await;
        })
        .await,
        [false; 3]
    );
    assert_eq!(
        left(async |a: &Member| {
            a.words.invalidate_prefix("").await;
        })
        .await,
        [false; 3]
    );
}

#[tokio::test]
async fn soft_keeps_what_is_in_memory() {
    let soft = [true, true, false];
    assert_eq!(
        left(async |a: &Member| {
            a.words.invalidator().soft().clear().await;
        })
        .await,
        soft
    );
    assert_eq!(
        left(async |a: &Member| {
            a.space.invalidator().soft().clear().await;
        })
        .await,
        soft
    );
}

#[tokio::test]
async fn a_hard_one_after_a_soft_one() {
    let both = async |a: &Member| {
        a.words.invalidator().soft().clear().await;
        a.words.clear().await;
    };
    assert_eq!(left(both).await, [false; 3]);
}

#[tokio::test]
async fn and_a_load_under_way_brings_nothing_back() {
    let words: Cache<u32, String> =
        Cache::builder("words").stale_if_error(Duration::MAX).build().expect("valid settings");
    let (tell, told) = tokio::sync::oneshot::channel();
    let old = crate::support::start(words.get_or_load(&1, async || {
        told.await.expect("told");
        "old".to_owned()
    }));
    words.clear().await;
    tell.send(()).expect("waiting");
    assert_eq!(old.await, "old");
    assert!(words.get_or_load(&1, fails).await.is_err());
}
