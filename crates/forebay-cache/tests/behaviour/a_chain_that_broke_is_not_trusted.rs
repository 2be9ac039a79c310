//! A node that hears what does not fit to its chain, or nothing any more, no longer knows what its numbers are worth: remote tiers
//! are not used until it does, whether or not they were lost with the chain.

use crate::support::{eventually, settle};
use forebay_cache::{
    Cache, CacheKey, Clock, Namespace, Reached, Tag,
    testing::{Hub, Node, Shelf, Step},
};
use forebay_metrics::Meter;
use forebay_scope::{Position, Scope};
use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

struct Member {
    link: Arc<Node>,
    space: Namespace,
    words: Cache<u32, String>,
}

async fn member(hub: &Arc<Hub>, shelf: &Arc<Shelf>) -> Member {
    let link = hub.node();
    let space = Namespace::builder("shop")
        .sequencer(link.clone())
        .tier(shelf.guarded())
        .meter(&Meter::disabled())
        .build()
        .expect("valid settings");
    space.ready().await;
    let words = Cache::builder("words")
        .namespace(&space)
        .clock(Clock::tokio())
        .shared()
        .build()
        .expect("valid settings");
    Member { link, space, words }
}

fn tag() -> Tag {
    Tag::named("greetings")
}

impl Member {
    async fn load(&self, key: u32, value: &str) -> String {
        self.words.entry(&key).tags(|| [tag()]).get_or_load(async || value.to_owned()).await
    }

    /// Loads what the tier then has.
    async fn fill(&self, shelf: &Shelf) {
        self.load(1, "old").await;
        eventually("the tier is filled", async || shelf.has_entry(&[0, 0, 0, 1])).await;
    }
}

#[tokio::test]
async fn by_who_was_given_a_number_of_a_chain_that_started_anew() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &shelf).await;
    a.words.invalidate(&9).await;
    a.fill(&shelf).await;
    hub.flush();
    a.link.faults().fail([Step::Replay]);
    assert_eq!(a.words.invalidate_tag(&tag()).await, Reached::Everywhere);
    assert_eq!(a.load(1, "new").await, "new", "the entry in the tier is as old");
    a.link.faults().heal();
    eventually("it follows the new chain", async || a.space.status().trusts_tiers).await;
    let b = member(&hub, &shelf).await;
    a.load(2, "shared").await;
    eventually("the tier is used again", async || b.words.get(&2).await.is_some()).await;
}

#[tokio::test]
async fn by_who_was_given_a_number_for_the_second_time() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let a = member(&hub, &shelf).await;
    for key in 8..10 {
        a.words.invalidate(&key).await;
    }
    a.fill(&shelf).await;
    hub.rewind(2);
    a.link.faults().fail([Step::Replay]);
    assert_eq!(a.words.invalidate_tag(&tag()).await, Reached::Everywhere);
    assert_eq!(a.load(1, "new").await, "new");
}

#[tokio::test]
async fn by_who_stopped_to_listen() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf).await, member(&hub, &shelf).await);
    a.fill(&shelf).await;
    b.space.shutdown().await;
    a.words.invalidate_tag(&tag()).await;
    assert!(shelf.has_entry(&[0, 0, 0, 1]), "a tag is told by its number alone");
    assert_eq!(b.load(1, "new").await, "new");
    assert!(!b.space.status().trusts_tiers);
}

#[tokio::test(start_paused = true)]
async fn by_who_cannot_listen_because_of_a_panic() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf).await, member(&hub, &shelf).await);
    a.fill(&shelf).await;
    b.link.faults().fail([Step::Replay]);
    for _ in 0..200 {
        b.link.panics();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    a.words.invalidate_tag(&tag()).await;
    assert_eq!(b.load(1, "new").await, "new");
    b.link.faults().heal();
    eventually("it listens", async || b.space.status().trusts_tiers).await;
}

#[tokio::test]
async fn what_happened_in_a_chain_that_is_over_still_happened() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf).await, member(&hub, &shelf).await);
    let written = Position { system: 7, timeline: 1, lsn: 100 };
    a.words.invalidator().after(written).tag(&tag()).await;
    hub.flush();
    b.link.heartbeat();
    eventually("it follows the new chain", async || b.space.status().chain.is_some_and(|at| at.epoch == 2))
        .await;
    b.link.deliver_all();
    settle().await;
    let asked = async || Scope::current().expect("a load has a scope").required(7).map_or(0, |at| at.lsn);
    let rows: Cache<u32, u64> = Cache::builder("rows").namespace(&b.space).build().expect("valid settings");
    assert_eq!(rows.get_or_load(&1, asked).await, 100);
}

#[tokio::test]
async fn a_number_of_a_chain_that_is_over_means_nothing_in_the_next_one() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf).await, member(&hub, &shelf).await);
    for key in 100..120 {
        a.words.invalidate(&key).await;
    }
    let mut late = Box::pin(a.space.clear());
    while hub.end().stamp.number < 21 {
        futures_util::poll!(&mut late).is_pending();
    }
    hub.flush();
    for member in [&a, &b] {
        member.link.heartbeat();
        eventually("it follows the new chain", async || {
            member.space.status().chain.is_some_and(|at| at.epoch == 2)
        })
        .await;
    }
    late.await;
    eventually("it knows where it stands", async || {
        a.link.heartbeat();
        a.space.status().trusts_tiers
    })
    .await;
    b.load(1, "shared").await;
    eventually("the tier is filled", async || shelf.has_entry(&[0, 0, 0, 1])).await;
    assert_eq!(a.load(1, "other").await, "shared", "nothing was invalidated in this chain");
}

/// What happens while the text of a key is asked for, once.
static MEANWHILE: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

#[derive(Clone, PartialEq, Eq)]
struct Watched(u32);

impl CacheKey for Watched {
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        self.0.with_bytes(f)
    }

    fn text(&self) -> Cow<'_, str> {
        let meanwhile = MEANWHILE.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        self.0.text()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_a_pattern_hit_is_not_served_because_the_chain_is_exchanged_meanwhile() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let (a, b) = (member(&hub, &shelf).await, member(&hub, &shelf).await);
    let watched = |space: &Namespace| -> Cache<Watched, String> {
        Cache::builder("watched").namespace(space).shared().build().expect("valid settings")
    };
    let (mine, others) = (watched(&a.space), watched(&b.space));
    others.get_or_load(&Watched(7), async || "old".to_owned()).await;
    eventually("the tier is filled", async || shelf.has_entry(&[0, 0, 0, 7])).await;
    mine.invalidate_prefix("7").await;
    let (link, space) = (a.link.clone(), a.space.clone());
    let exchanged = move || {
        hub.flush();
        link.heartbeat();
        let is_new = || space.status().chain.is_some_and(|at| at.epoch == 2);
        let began = std::time::Instant::now();
        while !is_new() {
            assert!(began.elapsed() < Duration::from_secs(60), "the chain is not new");
            std::thread::yield_now();
        }
    };
    *MEANWHILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(exchanged));
    let read = mine.get_or_load(&Watched(7), async || "new".to_owned());
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), read).await.as_deref(), Ok("new"));
    assert!(MEANWHILE.lock().unwrap_or_else(PoisonError::into_inner).is_none(), "it was exchanged");
}
