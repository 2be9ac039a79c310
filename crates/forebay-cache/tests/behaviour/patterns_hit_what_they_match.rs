//! Prefixes and patterns are invalidations like every other: of entries and of loads, in memory and in remote tiers, here
//! and on every node.

use crate::support::{eventually, start};
use forebay_cache::{
    Cache, CacheKey, LoadFailed, Namespace, Pattern, Reached,
    testing::{Hub, Node, Shelf},
};
use forebay_metrics::Meter;
use forebay_scope::{Position, Scope, Tag};
use futures_util::FutureExt as _;
use std::{borrow::Cow, cell::Cell, sync::Arc, time::Duration};
use tokio::sync::oneshot;

type Pages = Cache<(&'static str, u64, &'static str), String>;

const PAGE: (&str, u64, &str) = ("user", 7, "page");
const BOARD: (&str, u64, &str) = ("user", 7, "dashboard");
const OTHER: (&str, u64, &str) = ("user", 8, "dashboard");

fn alone() -> Pages {
    Cache::builder("pages").stale_if_error(Duration::MAX).build().expect("valid settings")
}

struct Member {
    link: Arc<Node>,
    space: Namespace,
    pages: Pages,
}

async fn member(hub: &Arc<Hub>, shelf: &Arc<Shelf>, patterns_max: usize) -> Member {
    let link = hub.node();
    let space = Namespace::builder("shop")
        .sequencer(link.clone())
        .tier(shelf.guarded())
        .patterns_max(patterns_max)
        .meter(&Meter::disabled())
        .build()
        .expect("valid settings");
    space.ready().await;
    let pages = Cache::builder("pages").namespace(&space).shared().build().expect("valid settings");
    Member { link, space, pages }
}

impl Member {
    async fn load(&self, key: (&'static str, u64, &'static str), value: &str) -> String {
        self.pages.get_or_load(&key, async || value.to_owned()).await
    }

    /// Fills the tier with all three pages.
    async fn fill(&self, shelf: &Shelf) {
        for key in [PAGE, BOARD, OTHER] {
            self.load(key, "old").await;
        }
        eventually("the tier is filled", async || shelf.len() == 3).await;
    }
}

async fn filled() -> Pages {
    let pages = alone();
    for key in [PAGE, BOARD, OTHER] {
        pages.insert(&key, "old".to_owned()).await;
    }
    pages
}

fn held(pages: &Pages) -> [bool; 3] {
    [PAGE, BOARD, OTHER].map(|key| pages.peek(&key).is_some())
}

#[tokio::test]
async fn those_and_no_others() {
    let pages = filled().await;
    assert_eq!(pages.invalidate_prefix("user:7:").await, Reached::Everywhere);
    assert_eq!(held(&pages), [false, false, true]);
    let pages = filled().await;
    pages.invalidate_pattern("user:*:dashboard").await;
    assert_eq!(held(&pages), [true, false, false]);
    let pages = filled().await;
    pages.invalidate_pattern("user:?:p*").await;
    assert_eq!(held(&pages), [false, true, true]);
}

#[tokio::test]
async fn by_the_number_as_it_is_written() {
    let rows: Cache<u64, String> = Cache::builder("rows").build().expect("valid settings");
    for key in [4, 42, 7] {
        rows.insert(&key, "old".to_owned()).await;
    }
    rows.invalidate_prefix("4").await;
    assert!(rows.peek(&4).is_none() && rows.peek(&42).is_none() && rows.peek(&7).is_some());
}

#[tokio::test]
async fn what_is_stored_later_is_good() {
    let pages = filled().await;
    pages.invalidate_prefix("user:7:").await;
    pages.insert(&PAGE, "new".to_owned()).await;
    pages.invalidate_tag(&Tag::named("something")).await;
    assert_eq!(held(&pages), [true, false, true]);
}

#[tokio::test]
async fn softly_it_stays_as_a_fallback_and_hard_it_is_gone() {
    let fails = async || Err::<String, LoadFailed>(LoadFailed::Deadline);
    let pages = filled().await;
    pages.invalidator().soft().pattern("*:page").await;
    assert!(pages.peek(&PAGE).is_none());
    assert_eq!(pages.get_or_load(&PAGE, fails).await.as_deref(), Ok("old"));
    pages.invalidate_pattern("*:page").await;
    assert!(pages.get_or_load(&PAGE, fails).await.is_err());
}

#[tokio::test]
async fn a_load_under_way_is_dead_on_arrival() {
    let pages = alone();
    let (tell, told) = oneshot::channel();
    let old = start(pages.get_or_load(&PAGE, async || {
        told.await.expect("told");
        "old".to_owned()
    }));
    pages.invalidate_prefix("user:7:").await;
    let after = start(pages.get_or_load(&PAGE, async || "new".to_owned()));
    tell.send(()).expect("waiting");
    assert_eq!(old.await, "old", "its own caller began before");
    assert!(pages.peek(&PAGE).is_none());
    assert_eq!(after.await, "new");
}

#[tokio::test]
async fn a_load_that_the_pattern_does_not_match_is_shared_and_kept() {
    let pages = alone();
    let (tell, told) = oneshot::channel();
    let first = start(pages.get_or_load(&OTHER, async || {
        told.await.expect("told");
        "one".to_owned()
    }));
    pages.invalidate_prefix("user:7:").await;
    let second = start(pages.get_or_load(&OTHER, async || "two".to_owned()));
    tell.send(()).expect("waiting");
    assert_eq!((first.await, second.await), ("one".to_owned(), "one".to_owned()));
    assert!(pages.peek(&OTHER).is_some());
}

#[tokio::test]
async fn a_namespace_reaches_one_cache_or_all() {
    let space = Namespace::local("shop");
    let cache = |name: &str| -> Cache<u64, String> {
        Cache::builder(name).namespace(&space).build().expect("valid settings")
    };
    let (users, teams) = (cache("users"), cache("teams"));
    let fill = async || {
        users.insert(&1, "old".to_owned()).await;
        teams.insert(&1, "old".to_owned()).await;
    };
    let held = || (users.peek(&1).is_some(), teams.peek(&1).is_some());
    fill().await;
    space.invalidator().cache("users").prefix("1").await;
    assert_eq!(held(), (false, true));
    fill().await;
    space.invalidate_pattern("?").await;
    assert_eq!(held(), (false, false));
    fill().await;
    space.invalidator().cache("teams").clear().await;
    assert_eq!(held(), (true, false));
    space.invalidator().key("users", &1_u64).await;
    assert_eq!(held(), (false, false));
    fill().await;
    space.clear().await;
    assert_eq!(held(), (false, false));
}

#[tokio::test]
async fn a_reload_reads_what_the_invalidation_stands_for() {
    let rows: Cache<u64, Option<u64>> = Cache::builder("rows").build().expect("valid settings");
    let at = |lsn| Position { system: 7, timeline: 1, lsn };
    rows.invalidator().after(at(100)).prefix("4").await;
    let required = async |key: u64| {
        let asked = async || Scope::current().expect("a load has a scope").required(7).map(|at| at.lsn);
        rows.entry(&key).tags(|| [Tag::named("declared")]).get_or_load(asked).await
    };
    assert_eq!(required(42).await, Some(100));
    assert_eq!(required(7).await, None);
}

#[tokio::test]
async fn other_nodes_hear_of_it() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf, 8).await, member(&hub, &shelf, 8).await);
    a.fill(&shelf).await;
    for key in [PAGE, BOARD, OTHER] {
        assert_eq!(b.load(key, "new").await, "old");
    }
    a.pages.invalidate_prefix("user:7:").await;
    assert_eq!(held(&b.pages), [true, true, true], "not delivered yet");
    b.link.deliver_all();
    eventually("it heard", async || held(&b.pages) == [false, false, true]).await;
    assert_eq!(b.load(PAGE, "new").await, "new", "the entry in the tier is as old");
    assert_eq!(b.load(OTHER, "new").await, "old");
}

#[tokio::test]
async fn a_lost_one_is_replayed() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf, 8).await, member(&hub, &shelf, 8).await);
    b.fill(&shelf).await;
    a.pages.invalidate_pattern("*:page").await;
    assert!(b.link.lose(0));
    b.link.heartbeat();
    eventually("it was replayed", async || held(&b.pages) == [false, true, true]).await;
}

#[tokio::test]
async fn a_node_that_joins_later_trusts_only_what_was_not_hit() {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let a = member(&hub, &shelf, 8).await;
    a.fill(&shelf).await;
    a.pages.invalidate_pattern("*:page").await;
    let late = member(&hub, &shelf, 8).await;
    assert_eq!(late.load(PAGE, "new").await, "new");
    assert_eq!(late.load(BOARD, "new").await, "old");
}

#[tokio::test]
async fn a_node_that_joins_later_and_has_no_room_distrusts_more() {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let a = member(&hub, &shelf, 8).await;
    a.fill(&shelf).await;
    a.pages.invalidate_pattern("*:page").await;
    a.pages.invalidate_pattern("nothing").await;
    let late = member(&hub, &shelf, 1).await;
    assert_eq!(late.load(PAGE, "new").await, "new");
    assert_eq!(late.load(BOARD, "new").await, "new", "it no longer knows");
}

#[tokio::test]
async fn more_than_there_is_room_for_hit_too_much_and_never_too_little() {
    let space = Namespace::builder("shop").patterns_max(2).build().expect("valid settings");
    let rows: Cache<u64, String> = Cache::builder("rows").namespace(&space).build().expect("valid settings");
    for key in [1, 20, 30] {
        rows.insert(&key, "old".to_owned()).await;
    }
    let held = || [1, 20, 30].map(|key| rows.peek(&key).is_some());
    rows.invalidate_pattern("1*").await;
    assert_eq!(held(), [false, true, true], "and compared with it");
    rows.invalidate_pattern("2*").await;
    rows.insert(&1, "new".to_owned()).await;
    rows.invalidate_pattern("x").await;
    // Those that had been compared with the one that was forgotten stay.
    assert_eq!(held(), [true, false, true]);
    rows.invalidate_pattern("y").await;
    rows.invalidate_pattern("z").await;
    assert_eq!(held(), [true, false, true]);
    rows.insert(&40, "old".to_owned()).await;
    for pattern in ["4*", "b", "c"] {
        rows.invalidate_pattern(pattern).await;
    }
    assert!(rows.peek(&40).is_none());
    assert_eq!(held(), [false, false, false], "they had not been compared with it");
}

#[tokio::test]
async fn a_pattern_that_is_too_long_clears_its_cache() {
    let pages = filled().await;
    pages.invalidate_prefix(&"x".repeat(2000)).await;
    assert_eq!(held(&pages), [false; 3]);
}

#[tokio::test(start_paused = true)]
async fn without_the_sequencer_it_holds_here_and_is_queued() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf, 8).await, member(&hub, &shelf, 8).await);
    a.fill(&shelf).await;
    b.load(PAGE, "new").await;
    hub.offline(true);
    assert_eq!(a.space.invalidate_prefix("user:7:").await, Reached::Here);
    assert_eq!(held(&a.pages), [false, false, true]);
    hub.offline(false);
    eventually("the other node heard", async || {
        b.link.deliver_all();
        b.pages.peek(&PAGE).is_none()
    })
    .await;
}

#[tokio::test]
async fn a_thousand_of_them_are_found_among_a_thousand_keys() {
    let rows: Cache<String, u64> = Cache::builder("rows").build().expect("valid settings");
    for id in 0..1000_u64 {
        rows.insert(&format!("user:{id}:board"), id).await;
    }
    for id in (0..1000).step_by(2) {
        rows.invalidate_prefix(&format!("user:{id}:")).await;
        rows.invalidate_pattern(Pattern::new(&format!("*:{id}:nothing"))).await;
    }
    for id in 0..1000_u64 {
        assert_eq!(rows.peek(&format!("user:{id}:board")).is_some(), id % 2 == 1, "{id}");
    }
}

/// A key that counts how often it is compared with patterns.
#[derive(Clone, PartialEq, Eq)]
struct Counted(u64);

thread_local! {
    static TEXTS: Cell<u64> = const { Cell::new(0) };
}

impl CacheKey for Counted {
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        self.0.with_bytes(f)
    }

    fn text(&self) -> Cow<'_, str> {
        TEXTS.set(TEXTS.get() + 1);
        self.0.text()
    }
}

/// However many patterns are live: a hit looks for them only when something was invalidated since the entry was looked at last.
#[tokio::test]
async fn a_hit_compares_its_key_once_with_what_is_new() {
    for live in [0, 1, 1000] {
        let rows: Cache<Counted, u64> = Cache::builder("rows")
            .stale_if_error(Duration::from_secs(60))
            .ttl(Duration::from_secs(60))
            .idle_max(Duration::from_secs(60))
            .build()
            .expect("valid settings");
        for key in [1, 2] {
            rows.entry(&Counted(key)).tags(|| [Tag::of("row", key)]).insert(key).await;
        }
        for id in 0..live {
            rows.invalidate_pattern(format!("{}*", 100 + id)).await;
        }
        let compared = async || {
            TEXTS.set(0);
            for _ in 0..100 {
                // Also in a request, which wants to know the tags.
                assert!(Scope::new().run(async { rows.get(&Counted(1)).await }).await.is_some());
                assert!(rows.peek(&Counted(1)).is_some());
            }
            TEXTS.get()
        };
        assert_eq!(compared().await, u64::from(live > 0), "{live} live patterns");
        assert_eq!(compared().await, 0);
        rows.invalidate_tag(&Tag::of("row", 2)).await;
        assert_eq!(compared().await, 0, "a tag is no pattern");
        rows.invalidate_pattern("other").await;
        assert_eq!(compared().await, 1);
    }
}

/// Whoever asks for the text of a key holds no lock that an invalidation needs.
#[derive(Clone, PartialEq, Eq)]
struct Invalidating(u64, Owner);

#[derive(Clone)]
struct Owner(Namespace);

impl PartialEq for Owner {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Owner {}

impl CacheKey for Invalidating {
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        self.0.with_bytes(f)
    }

    fn text(&self) -> Cow<'_, str> {
        let invalidated = self.1.0.invalidate_prefix("nothing").now_or_never();
        assert_eq!(invalidated, Some(Reached::Everywhere));
        self.0.text()
    }
}

#[tokio::test]
async fn a_key_whose_text_invalidates_something_does_not_wait_for_itself() {
    let space = Namespace::local("shop");
    let rows: Cache<Invalidating, u64> =
        Cache::builder("rows").namespace(&space).build().expect("valid settings");
    let key = Invalidating(42, Owner(space.clone()));
    rows.insert(&key, 1).await;
    space.invalidate_prefix("4").await;
    assert!(rows.peek(&key).is_none());
}
