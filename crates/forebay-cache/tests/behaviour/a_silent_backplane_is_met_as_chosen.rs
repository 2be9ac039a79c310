//! When nothing is heard of other nodes, memory goes by the policy that was chosen; own invalidations hold all the while.

use crate::support::{eventually, settle};
use forebay_cache::{
    Cache, CacheError, CacheEvent, LoadFailed, Namespace, Reached, WhenSilent,
    testing::{Hub, Node, Shelf},
};
use forebay_metrics::Meter;
use std::{sync::Arc, time::Duration};

const LEASE: Duration = Duration::from_secs(60);

struct Member {
    link: Arc<Node>,
    space: Namespace,
    words: Cache<u32, String>,
}

async fn member(hub: &Arc<Hub>, shelf: &Arc<Shelf>, policy: WhenSilent) -> Member {
    let link = hub.node();
    let builder = Namespace::builder("shop").sequencer(link.clone()).tier(shelf.guarded());
    let builder = builder.silence_max(LEASE).when_silent(policy).meter(&Meter::disabled());
    let space = builder.build().expect("valid settings");
    space.ready().await;
    let words = Cache::builder("words").namespace(&space).stale_if_error(Duration::MAX).shared();
    let words = words.build().expect("valid settings");
    Member { link, space, words }
}

impl Member {
    async fn load(&self, value: &str) -> String {
        self.words.get_or_load(&1, async || value.to_owned()).await
    }

    /// Lets this much time pass without a sign of life.
    async fn silence(&self, time: Duration) {
        tokio::time::sleep(time).await;
        settle().await;
    }

    async fn heard_again(&self) {
        self.link.deliver_all();
        self.link.heartbeat();
        settle().await;
    }
}

async fn fails() -> Result<String, LoadFailed> {
    Err(LoadFailed::Deadline)
}

#[tokio::test(start_paused = true)]
async fn revalidate_loads_once_per_lease() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &shelf, WhenSilent::default()).await;
    a.load("old").await;
    a.silence(LEASE / 2).await;
    assert_eq!(a.load("no").await, "old");
    a.silence(LEASE).await;
    assert_eq!(a.load("new").await, "new", "and not what the tier has: nobody knows whether it is good");
    assert_eq!(a.load("no").await, "new", "trusted for another lease");
    a.silence(LEASE).await;
    assert_eq!(a.load("newer").await, "newer");
}

#[tokio::test(start_paused = true)]
async fn serve_stale_goes_on_until_its_own_bound() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &shelf, WhenSilent::ServeStale(LEASE * 10)).await;
    a.load("old").await;
    a.silence(LEASE * 9).await;
    assert_eq!(a.load("no").await, "old");
    a.silence(LEASE * 2).await;
    assert_eq!(a.load("new").await, "new");
}

#[tokio::test(start_paused = true)]
async fn bypass_loads_every_time_and_those_at_once_together() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &shelf, WhenSilent::Bypass).await;
    a.load("old").await;
    eventually("the tier is filled", async || shelf.len() == 1).await;
    a.silence(LEASE * 2).await;
    assert!(a.words.peek(&1).is_none());
    for value in ["one", "two"] {
        assert_eq!(a.load(value).await, value);
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    let first = a.words.get_or_load(&1, async || {
        told.await.expect("told");
        "first".to_owned()
    });
    let second = a.words.get_or_load(&1, async || "second".to_owned());
    let (first, second, ()) = tokio::join!(first, second, async { tell.send(()).expect("waiting") });
    assert_eq!((first, second), ("first".to_owned(), "first".to_owned()));
    let stale = a.words.get_or_load(&1, fails).await;
    assert_eq!(stale.as_deref(), Ok("first"), "memory still serves when a load fails");
    a.heard_again().await;
    assert_eq!(a.load("no").await, "old", "the tier is trusted again, and nothing was invalidated");
}

#[tokio::test(start_paused = true)]
async fn own_invalidations_hold_at_once_and_reach_the_others_later() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let policy = WhenSilent::ServeStale(LEASE * 100);
    let (a, b) = (member(&hub, &shelf, policy).await, member(&hub, &shelf, policy).await);
    a.load("old").await;
    eventually("the tier is filled", async || shelf.len() == 1).await;
    b.load("no").await;
    hub.offline(true);
    a.silence(LEASE * 2).await;
    assert_eq!(a.words.invalidate_prefix("1").await, Reached::Here);
    assert_eq!(a.load("new").await, "new");
    assert_eq!(b.load("no").await, "old", "within the bound that was chosen");
    hub.offline(false);
    eventually("it was sent", async || b.link.in_flight() > 0).await;
    b.heard_again().await;
    assert_eq!(b.load("newer").await, "newer");
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_in_the_silence_is_made_good() {
    for policy in [WhenSilent::Revalidate, WhenSilent::Bypass, WhenSilent::ServeStale(LEASE * 3)] {
        let (hub, shelf) = (Hub::by_hand(), Shelf::new());
        let (a, b) = (member(&hub, &shelf, policy).await, member(&hub, &shelf, policy).await);
        b.silence(LEASE * 2).await;
        b.load("old").await;
        a.words.invalidate(&1).await;
        assert!(b.link.lose(0));
        b.heard_again().await;
        eventually("it was replayed", async || b.words.peek(&1).is_none()).await;
        assert_eq!(b.load("new").await, "new", "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_told() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &shelf, WhenSilent::Bypass).await;
    let mut events = a.space.events();
    a.silence(LEASE * 3).await;
    assert_eq!(events.try_next(), Some(CacheEvent::Silent(true)));
    while let Some(event) = events.try_next() {
        assert_eq!(event, CacheEvent::Suspected);
    }
    a.heard_again().await;
    assert_eq!(events.try_next(), Some(CacheEvent::Silent(false)));
}

#[test]
fn a_bound_below_the_lease_is_refused() {
    let builder =
        Namespace::builder("shop").silence_max(LEASE).when_silent(WhenSilent::ServeStale(LEASE / 2));
    assert!(matches!(builder.build(), Err(CacheError::Namespace { setting: "when_silent", .. })));
}
