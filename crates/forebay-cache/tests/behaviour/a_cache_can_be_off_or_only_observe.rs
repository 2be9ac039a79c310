//! A cache that is off leaves no trace; one that observes serves the truth and counts what it would have served.

use crate::support::settle;
use forebay_cache::{
    Cache, CacheConfig, Clock, LoadFailed, Mode, Namespace, Tag,
    testing::{Hub, Shelf, Step},
};
use forebay_metrics::Meter;
use std::time::Duration;

struct Watched {
    words: Cache<u32, String>,
}

fn watched(mode: Mode) -> Watched {
    let words = Cache::builder("words")
        .ttl(Duration::from_secs(100))
        .clock(Clock::tokio())
        .meter(&Meter::disabled())
        .same_if_equal()
        .mode(mode)
        .build()
        .expect("valid settings");
    Watched { words }
}

impl Watched {
    async fn load(&self, word: &str) -> String {
        let tags = || [Tag::named("greetings")];
        self.words.entry(&1).tags(tags).get_or_load(async || word.to_owned()).await
    }

    fn observed(&self, outcome: &str) -> u64 {
        let observed = serde_json::to_value(self.words.stats().observed).expect("plain data");
        observed[outcome].as_u64().expect("it is counted")
    }
}

#[tokio::test(start_paused = true)]
async fn an_observing_cache_serves_the_truth_and_judges_its_hits() {
    let it = watched(Mode::Observe);
    assert_eq!(it.load("a").await, "a");
    assert_eq!(it.load("a").await, "a");
    assert_eq!((it.observed("miss"), it.observed("right")), (1, 1));

    assert_eq!(it.load("b").await, "b", "whatever memory would have said");
    assert_eq!(it.observed("wrong"), 1);
    assert_eq!((it.words.peek(&1), it.words.get(&1).await), (None, None));
    assert_eq!(it.words.sweep(), 0, "it may still be compared");

    it.words.invalidate_tag(&Tag::named("greetings")).await;
    assert_eq!(it.load("c").await, "c");
    assert_eq!((it.observed("miss"), it.observed("wrong")), (2, 1), "it would have been loaded again");

    tokio::time::advance(Duration::from_secs(101)).await;
    it.load("d").await;
    assert_eq!(it.observed("miss"), 3, "its ttl was over");
}

#[tokio::test]
async fn what_is_invalidated_while_the_truth_is_loaded_is_not_called_wrong() {
    let it = watched(Mode::Observe);
    it.load("a").await;
    let loader = async || {
        it.words.invalidate(&1).await;
        it.words.invalidate_tag(&Tag::named("greetings")).await;
        "b".to_owned()
    };
    it.words.get_or_load(&1, loader).await;
    assert_eq!((it.observed("overtaken"), it.observed("wrong")), (1, 0));
}

#[tokio::test]
async fn a_failed_load_is_an_error_and_a_would_be_hit_that_nobody_can_judge() {
    let it = watched(Mode::Observe);
    it.load("a").await;
    let failed = it.words.get_or_load(&1, async || Err::<String, _>(LoadFailed::Deadline)).await;
    assert_eq!(failed, Err(LoadFailed::Deadline));
    assert_eq!(it.observed("unjudged"), 1);
    let gone: Option<String> = it.words.get_or_load(&1, async || None).await;
    assert_eq!((gone, it.observed("wrong")), (None, 1), "it would have served what is no longer there");
}

#[tokio::test]
async fn observed_loads_are_not_shared() {
    let it = watched(Mode::Observe);
    let slow = async || {
        tokio::task::yield_now().await;
        "a".to_owned()
    };
    let (a, b) =
        tokio::join!(it.words.get_or_load(&1, slow), it.words.get_or_load(&1, async || "b".to_owned()));
    assert_eq!((a.as_str(), b.as_str()), ("a", "b"));
}

#[tokio::test]
async fn a_cache_that_is_off_neither_keeps_nor_asks_anything() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let space = Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled());
    let space = space.tier(shelf.guarded()).build().expect("valid settings");
    space.ready().await;
    let config: CacheConfig = serde_json::from_str(r#"{"mode": "off"}"#).expect("it is a mode");
    let words: Cache<u32, String> =
        Cache::builder("words").namespace(&space).shared().config(config).build().expect("valid settings");
    assert_eq!(words.mode(), Mode::Off);
    for word in ["a", "b"] {
        assert_eq!(words.get_or_load(&1, async || word.to_owned()).await, word);
        words.insert(&2, word.to_owned()).await;
        assert_eq!(words.get(&2).await, None);
    }
    settle().await;
    assert_eq!((shelf.faults().calls(Step::Get), shelf.faults().calls(Step::Put), words.len()), (0, 0, 0));
}

#[tokio::test]
async fn nothing_stored_under_one_mode_is_served_under_another() {
    let it = watched(Mode::On);
    assert_eq!(it.load("on").await, "on");
    assert_eq!(it.load("never").await, "on");

    it.words.set_mode(Mode::Off);
    assert!(it.words.is_empty(), "memory is given back");
    assert_eq!(it.load("off").await, "off");

    it.words.set_mode(Mode::Observe);
    assert_eq!(it.load("observed").await, "observed");
    assert!(it.words.namespace().set_mode("words", Mode::On));
    assert_eq!(it.words.peek(&1), None);
    assert_eq!(it.load("on again").await, "on again");
    assert_eq!(it.words.peek(&1).as_deref().map(String::as_str), Some("on again"));
    assert!(!it.words.namespace().set_mode("nobody", Mode::On));
}

#[tokio::test]
async fn a_load_that_began_before_the_switch_leaves_nothing_behind() {
    let it = watched(Mode::On);
    let loader = async || {
        it.words.set_mode(Mode::Off);
        it.words.set_mode(Mode::On);
        "early".to_owned()
    };
    assert_eq!(it.words.get_or_load(&1, loader).await, "early");
    assert_eq!(it.words.peek(&1), None);
}
