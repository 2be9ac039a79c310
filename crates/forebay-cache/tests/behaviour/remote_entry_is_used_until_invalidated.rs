//! Entries of a remote tier serve every node, and only as long as nothing that matches them was invalidated.

use crate::support::eventually;
use bytes::Bytes;
use forebay_cache::{
    Cache, Clock, Fill, GuardedTier, Namespace, Outcome, Removal, Stored, Tag, Tier, TierConfig, TierError,
    testing::{Hub, Lie, Node, Shelf, Step},
};
use forebay_metrics::Meter;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

struct Member {
    link: Arc<Node>,
    words: Cache<u32, String>,
}

async fn member(hub: &Arc<Hub>, shelves: &[&Arc<Shelf>]) -> Member {
    let link = hub.node();
    let mut builder = Namespace::builder("shop").sequencer(link.clone()).meter(&Meter::disabled());
    for shelf in shelves {
        builder = builder.tier(shelf.guarded());
    }
    let space = builder.build().expect("valid settings");
    space.ready().await;
    let words = Cache::builder("words")
        .namespace(&space)
        .ttl(Duration::from_secs(100))
        .clock(Clock::tokio())
        .shared()
        .build()
        .expect("valid settings");
    Member { link, words }
}

fn tag() -> Tag {
    Tag::named("greetings")
}

impl Member {
    async fn load(&self, value: &str) -> String {
        self.words.entry(&1).tags(|| [tag()]).get_or_load(async || value.to_owned()).await
    }
}

const KEY: &[u8] = &[0, 0, 0, 1];

async fn filled(shelf: &Shelf) {
    eventually("the tier is filled", async || shelf.has_entry(KEY)).await;
}

#[tokio::test]
async fn what_one_node_loaded_another_finds() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &[&shelf]).await, member(&hub, &[&shelf]).await);
    a.load("old").await;
    filled(&shelf).await;
    assert_eq!(b.words.get(&1).await.as_deref(), Some(&"old".to_owned()), "without a loader");
    let gets = shelf.faults().calls(Step::Get);
    assert_eq!(b.load("other").await, "old");
    assert_eq!(shelf.faults().calls(Step::Get), gets, "now it is in memory");
}

#[tokio::test]
async fn an_entry_found_is_put_into_the_tiers_above() {
    let (hub, near, far) = (Hub::by_hand(), Shelf::new(), Shelf::new());
    let a = member(&hub, &[&far]).await;
    a.load("old").await;
    filled(&far).await;
    let b = member(&hub, &[&near, &far]).await;
    assert_eq!(b.load("other").await, "old");
    filled(&near).await;
}

#[tokio::test]
async fn an_invalidated_tag_kills_it_for_a_node_that_joins_later() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    filled(&shelf).await;
    a.words.invalidate_tag(&tag()).await;
    let late = member(&hub, &[&shelf]).await;
    assert_eq!(late.load("new").await, "new", "the sequencer knows what the node did not hear");
    eventually("the tier has the new entry", async || shelf.faults().calls(Step::Put) == 2).await;
    crate::support::settle().await;
    assert_eq!(a.load("other").await, "new");
}

#[tokio::test]
async fn a_clear_kills_it_for_a_node_that_joins_later() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    filled(&shelf).await;
    a.words.clear().await;
    assert_eq!(member(&hub, &[&shelf]).await.load("new").await, "new");
}

#[tokio::test]
async fn an_invalidated_key_kills_it_for_a_node_that_joins_later_though_the_tier_took_no_tombstone() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    filled(&shelf).await;
    shelf.faults().fail([Step::Remove]);
    a.words.invalidate(&1).await;
    let late = member(&hub, &[&shelf]).await;
    assert!(shelf.has_entry(KEY));
    assert_eq!(late.load("new").await, "new");
}

#[tokio::test]
async fn another_key_that_was_invalidated_does_not() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    filled(&shelf).await;
    a.words.invalidate(&2).await;
    assert_eq!(member(&hub, &[&shelf]).await.load("new").await, "old");
}

#[tokio::test]
async fn a_tombstone_in_one_tier_holds_for_those_below_that_did_not_take_it() {
    let (hub, near, far) = (Hub::by_hand(), Shelf::new(), Shelf::new());
    let a = member(&hub, &[&near, &far]).await;
    a.load("old").await;
    filled(&far).await;
    far.faults().fail([Step::Remove]);
    a.words.invalidate(&1).await;
    eventually("the upper tier has the tombstone", async || !near.has_entry(KEY)).await;
    let late = member(&hub, &[&near, &far]).await;
    // Nothing but the tombstone speaks against the entry below.
    late.link.lie(Lie::NothingInvalidated);
    assert!(far.has_entry(KEY));
    assert_eq!(late.load("new").await, "new");
}

#[tokio::test(start_paused = true)]
async fn more_tombstones_owed_than_are_remembered_cost_nothing_but_the_oldest() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &[&shelf]).await, member(&hub, &[&shelf]).await);
    a.load("old").await;
    filled(&shelf).await;
    shelf.faults().fail([Step::Remove]);
    a.words.invalidate(&1).await;
    b.link.deliver_all();
    b.words.insert(&2, "kept".to_owned()).await;
    let others: Cache<u32, String> =
        Cache::builder("others").namespace(a.words.namespace()).shared().build().expect("valid settings");
    for key in 0..4096 {
        others.invalidate(&key).await;
    }
    shelf.faults().heal();
    eventually("the tier is told", async || shelf.len() >= 4096).await;
    assert!(shelf.has_entry(KEY), "of all but the first");
    assert_eq!(hub.end().stamp.number, 4097, "nothing else was invalidated for it");
    b.link.deliver_all();
    crate::support::settle().await;
    assert!(b.words.peek(&2).is_some());
    for member in [&a, &b, &member(&hub, &[&shelf]).await] {
        assert_eq!(member.load("new").await, "new", "its number tells");
        shelf.evict(|_| false);
    }
}

/// A tier that panics when it is first told of tombstones.
#[derive(Debug)]
struct Panics(Arc<Shelf>, AtomicBool);

#[async_trait::async_trait]
impl Tier for Panics {
    fn name(&self) -> &str {
        "panics"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        self.0.get(keys).await
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        self.0.put(fills).await
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        assert!(self.1.swap(true, Ordering::Relaxed), "told to panic");
        self.0.remove(removals).await
    }
}

#[tokio::test]
async fn a_tier_that_panicked_is_told_of_tombstones_the_next_time() {
    let shelf = Shelf::new();
    let panics = Arc::new(Panics(shelf.clone(), AtomicBool::new(false)));
    let tier = GuardedTier::new(panics.clone(), &TierConfig::default(), &Meter::disabled()).expect("valid");
    let space =
        Namespace::builder("shop").tier(tier).meter(&Meter::disabled()).build().expect("valid settings");
    let words: Cache<u32, String> =
        Cache::builder("words").namespace(&space).shared().build().expect("valid settings");
    words.invalidate(&1).await;
    eventually("it panicked", async || panics.1.load(Ordering::Relaxed)).await;
    crate::support::settle().await;
    words.invalidate(&2).await;
    eventually("both are buried", async || shelf.len() == 2).await;
}

#[tokio::test]
async fn a_key_of_a_cache_that_is_in_memory_alone_takes_no_tombstone() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    let alone: Cache<u32, String> =
        Cache::builder("alone").namespace(a.words.namespace()).build().expect("valid settings");
    alone.invalidate(&1).await;
    a.words.invalidate(&2).await;
    eventually("the shared cache's is buried", async || !shelf.is_empty()).await;
    crate::support::settle().await;
    assert_eq!(shelf.len(), 1);
}

#[tokio::test]
async fn an_unrelated_tag_does_not() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    filled(&shelf).await;
    a.words.invalidate_tag(&Tag::named("other")).await;
    assert_eq!(member(&hub, &[&shelf]).await.load("new").await, "old");
}

#[tokio::test]
async fn an_invalidated_key_is_buried_and_a_late_fill_is_refused() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &[&shelf]).await, member(&hub, &[&shelf]).await);
    a.load("old").await;
    filled(&shelf).await;
    // A load on another node, from before the invalidation, that ends after it.
    b.words.invalidate_tag(&tag()).await;
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let words = b.words.clone();
    let late = tokio::spawn(async move {
        let load = async || {
            told.await.expect("told");
            "old as well".to_owned()
        };
        words.get_or_load(&1, load).await
    });
    crate::support::settle().await;
    a.words.invalidate(&1).await;
    eventually("the entry is buried", async || !shelf.has_entry(KEY)).await;
    tell.send(()).expect("waiting");
    assert_eq!(late.await.expect("ends"), "old as well");
    crate::support::settle().await;
    assert!(!shelf.has_entry(KEY), "a fill from before the invalidation is refused");
    let c = member(&hub, &[&shelf]).await;
    assert_eq!(c.load("new").await, "new");
}

#[tokio::test]
async fn a_tombstone_that_a_tier_did_not_take_is_tried_again() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    filled(&shelf).await;
    shelf.faults().fail(Step::ALL);
    a.words.invalidate(&1).await;
    crate::support::settle().await;
    shelf.faults().heal();
    assert_eq!(a.words.get(&1).await, None, "this node knows, whatever the tier still has");
    eventually("the entry is buried", async || !shelf.has_entry(KEY)).await;
}

#[tokio::test(start_paused = true)]
async fn while_own_invalidations_wait_for_a_number_remote_entries_are_not_trusted() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    filled(&shelf).await;
    hub.offline(true);
    a.words.invalidate_tag(&tag()).await;
    assert_eq!(a.load("new").await, "new");
    hub.offline(false);
    eventually("it was numbered", async || hub.end().stamp.number > 0).await;
}

#[tokio::test(start_paused = true)]
async fn its_age_counts_from_the_load_and_not_from_when_it_was_found() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &[&shelf]).await, member(&hub, &[&shelf]).await);
    a.load("old").await;
    filled(&shelf).await;
    tokio::time::advance(Duration::from_secs(90)).await;
    assert_eq!(b.load("new").await, "old");
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(b.load("new").await, "new");
    b.link.heartbeat();
}

#[tokio::test(start_paused = true)]
async fn a_sequencer_that_does_not_answer_costs_readers_a_bounded_delay_and_then_nothing() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    for key in 100..200 {
        a.words.entry(&key).tags(|| [tag()]).get_or_load(async || "old".to_owned()).await;
    }
    eventually("the tier is filled", async || shelf.len() == 100).await;
    a.words.invalidate_tag(&Tag::named("other")).await;
    let late = member(&hub, &[&shelf]).await;
    late.link.faults().black_hole([Step::Newest]);
    let began = tokio::time::Instant::now();
    for key in 100..200 {
        assert_eq!(late.words.get_or_load(&key, async || "own".to_owned()).await, "own");
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_look_without_a_loader_does_not_wait_for_one() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    let words = a.words.clone();
    let load =
        tokio::spawn(
            async move { words.get_or_load(&1, async || std::future::pending::<String>().await).await },
        );
    crate::support::settle().await;
    assert_eq!(a.words.get(&1).await, None);
    assert_eq!(shelf.faults().calls(Step::Get), 2, "both asked the tier");
    load.abort();
}

#[tokio::test]
async fn shutting_the_namespace_down_waits_for_what_is_on_its_way_to_the_tier() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    a.load("old").await;
    a.words.namespace().shutdown().await;
    assert!(shelf.has_entry(KEY));
}

#[tokio::test(start_paused = true)]
async fn a_dead_tier_costs_a_bounded_delay_and_then_nothing() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &[&shelf]).await;
    shelf.faults().black_hole(Step::ALL);
    let began = tokio::time::Instant::now();
    for key in 100..200 {
        assert_eq!(a.words.get_or_load(&key, async || "own".to_owned()).await, "own");
    }
    // Five calls run into the deadline of 50 ms, then the breaker leaves the tier alone.
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
    assert!(shelf.faults().calls(Step::Get) < 10);
}
