//! The kit for tests: time, losses and faults are where and when the test wants them.

use bytes::Bytes;
use forebay_cache::{
    Cache, Clock, Heard, Invalidation, Namespace, Outcome, Reached, Sequencer, Stamp, Strength, Tag, Target,
    Tier, envelope,
    testing::{Cluster, FaultySequencer, FaultyTier, Hub, Shelf, Step, TestClock},
};
use forebay_metrics::Meter;
use forebay_scope::Positions;
use std::{sync::Arc, time::Duration};

fn words(space: &Namespace) -> Cache<u32, String> {
    Cache::builder("words").namespace(space).shared().build().expect("valid settings")
}

fn clear() -> Invalidation {
    Invalidation { target: Target::Clear(None), strength: Strength::Hard, positions: Positions::default() }
}

fn number(heard: &Heard) -> Option<u64> {
    match heard {
        Heard::Event(event) => Some(event.stamp.number),
        Heard::Alive(_) | Heard::Interrupted => None,
    }
}

#[tokio::test]
async fn time_moves_only_by_hand() {
    let clock = TestClock::new();
    let cache: Cache<u32, u32> = Cache::builder("words")
        .clock(clock.clock())
        .ttl(Duration::from_millis(10))
        .build()
        .expect("valid settings");
    cache.insert(&1, 1).await;
    clock.advance(Duration::from_millis(9));
    assert!(cache.peek(&1).is_some());
    clock.advance(Duration::from_millis(1));
    assert!(cache.peek(&1).is_none());
    assert_eq!(format!("{:?} {:?}", clock.clock(), Clock::system()), "Clock(test) Clock(system)");
}

#[tokio::test]
async fn nodes_hear_each_other_and_a_cut_one_catches_up() {
    let cluster = Cluster::start("shop", 3).await;
    let words = cluster.each(words);
    for cache in &words {
        cache.entry(&1).tags(|| [Tag::named("a")]).insert("old".to_owned()).await;
    }
    cluster.link(2).cut(true);
    assert_eq!(words[0].invalidate_tag(&Tag::named("a")).await, Reached::Everywhere);
    cluster.settled().await;
    assert!(words[1].peek(&1).is_none() && words[2].peek(&1).is_some());
    cluster.link(2).cut(false);
    cluster.settled().await;
    assert!(words[2].peek(&1).is_none());
    cluster.shutdown().await;
}

#[tokio::test]
async fn a_shelf_loses_its_newest_writes_and_what_it_is_told_to_evict() {
    let shelf = Shelf::new();
    let key = Bytes::from_static(b"shop:words:1");
    let fill = |number| {
        let stamp = Stamp { epoch: 1, number };
        forebay_cache::Fill { key: key.clone(), value: envelope::tombstone(&key, stamp), stamp, keep: None }
    };
    let held = async || shelf.get(std::slice::from_ref(&key)).await.expect("no faults")[0].clone();
    assert_eq!(shelf.put(&[fill(1), fill(2), fill(1)]).await.expect("no faults")[2], Outcome::Refused);
    shelf.lose_last(1);
    assert_eq!(
        held().await.and_then(|held| envelope::stamp_of(&held.value)).map(|stamp| stamp.number),
        Some(1)
    );
    shelf.evict(|key| key.starts_with(b"shop:"));
    assert_eq!((held().await, shelf.is_empty()), (None, true));
}

#[tokio::test(start_paused = true)]
async fn calls_fail_hang_and_are_late_until_healed() {
    let tier = FaultyTier::new(Shelf::new());
    let get = || tier.get(&[]);
    tier.faults().fail_next(1);
    assert!(get().await.is_err() && get().await.is_ok());
    tier.faults().fail([Step::Get]);
    assert!(get().await.is_err() && tier.remove(&[]).await.is_ok());
    tier.faults().heal();
    tier.faults().delay([Step::Get], Duration::from_secs(5));
    assert!(tokio::time::timeout(Duration::from_secs(4), get()).await.is_err());
    assert!(tokio::time::timeout(Duration::from_secs(6), get()).await.is_ok());
    tier.faults().black_hole(Step::ALL);
    let hanging = tokio::time::timeout(Duration::from_secs(3600), get());
    let healing = async {
        tokio::task::yield_now().await;
        tier.faults().heal();
    };
    assert!(tokio::join!(hanging, healing).0.is_ok(), "it went on");
    assert_eq!(tier.faults().calls(Step::Get), 6);
}

#[tokio::test]
async fn writes_are_confirmed_and_lost() {
    let shelf = Shelf::new();
    let tier = FaultyTier::new(shelf.clone());
    let key = Bytes::from_static(b"k");
    let stamp = Stamp { epoch: 1, number: 1 };
    let removal = forebay_cache::Removal { key, stamp, keep: Duration::from_secs(60) };
    tier.lose_writes(true);
    tier.remove(std::slice::from_ref(&removal)).await.expect("confirmed");
    assert!(shelf.is_empty());
    tier.lose_writes(false);
    tier.remove(&[removal]).await.expect("confirmed");
    assert_eq!(shelf.len(), 1);
}

#[tokio::test]
async fn messages_are_lost_heard_twice_and_in_another_order() {
    let hub = Hub::new();
    let bus = FaultySequencer::new(hub.node());
    let issue = async |count: u32| {
        for _ in 0..count {
            bus.issue(&clear()).await.expect("no faults");
        }
    };
    let hear = async |count: u32| {
        let mut heard = Vec::new();
        for _ in 0..count {
            heard.extend(number(&bus.heard().await));
        }
        heard
    };
    bus.drop_next(1);
    issue(2).await;
    assert_eq!(hear(1).await, [2]);
    bus.repeat_next(1);
    issue(2).await;
    assert_eq!(hear(3).await, [3, 3, 4]);
    bus.swap_next(1);
    issue(2).await;
    assert_eq!(hear(2).await, [6, 5]);
    bus.faults().fail([Step::Issue]);
    assert!(bus.issue(&clear()).await.is_err());
}

#[tokio::test]
async fn a_hub_hands_numbers_out_again_and_forgets_as_it_is_told() {
    let hub = Hub::new();
    let node = hub.node();
    let issue = async || node.issue(&clear()).await.expect("no faults");
    let (first, lost) = (issue().await, issue().await);
    let mark =
        |event: &forebay_cache::Event| Some(forebay_cache::Mark { stamp: event.stamp, link: event.link });
    hub.rewind(1);
    let again = issue().await;
    let in_next_epoch = Stamp { epoch: 2, ..lost.stamp };
    assert_eq!((again.stamp, again.previous), (in_next_epoch, first.link));
    assert_ne!(again.link, lost.link);
    assert!(node.missed(mark(&first)).await.expect("no faults").complete);
    hub.trim();
    let trimmed = node.missed(mark(&first)).await.expect("no faults");
    assert_eq!((trimmed.complete, trimmed.end.stamp.epoch), (false, 2));
    let foreign = node.missed(mark(&lost)).await.expect("no faults");
    assert_eq!((foreign.complete, foreign.end.stamp.epoch), (false, 3));
    hub.forget_tables();
    let newest = node.newest("words", b"words:1", &[Tag::named("a")]).await.expect("no faults");
    assert_eq!((newest.floor, newest.key, newest.tags), (2, 2, vec![2]));
    hub.flush();
    assert_eq!((hub.end().stamp.epoch, hub.end().stamp.number), (4, 0));
    hub.offline(true);
    assert!(node.issue(&clear()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_takes_wrapped_parts() {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let sequencer = FaultySequencer::new(hub.node());
    let space = Namespace::builder("shop")
        .sequencer(sequencer.clone())
        .tier(shelf.guarded())
        .meter(&Meter::disabled())
        .build()
        .expect("valid settings");
    space.ready().await;
    let cache = words(&space);
    let other: Arc<dyn Sequencer> = hub.node();
    sequencer.faults().black_hole(Step::ALL);
    assert_eq!(cache.invalidate(&1).await, Reached::Here, "it does not wait for ever");
    sequencer.faults().heal();
    while hub.end().stamp.number == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(number(&other.heard().await), Some(1), "it was queued and sent");
}
