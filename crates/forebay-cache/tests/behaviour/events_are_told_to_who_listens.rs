//! A namespace and its caches tell what happens, and a listener that is too slow learns what it missed.

use crate::support::eventually;
use forebay_cache::{
    Cache, CacheEvent, Events, EvictCause, LoadFailed, Namespace, Strength, Tag, Target,
    testing::{Cluster, Hub, Step},
};
use forebay_metrics::Meter;
use forebay_traffic::State;
use std::time::Duration;

fn cache(space: &Namespace, name: &str, capacity: usize) -> Cache<u64, String> {
    Cache::builder(name).namespace(space).capacity(capacity).build().expect("valid settings")
}

/// What was told so far, without times.
fn told(events: &mut Events) -> Vec<CacheEvent> {
    let still = |event| match event {
        CacheEvent::Loaded { cache, key, succeeded, .. } => {
            CacheEvent::Loaded { cache, key, took: Duration::ZERO, succeeded }
        }
        event => event,
    };
    std::iter::from_fn(|| events.try_next()).map(still).collect()
}

fn stored(cache: &str, key: &str) -> CacheEvent {
    CacheEvent::Stored { cache: cache.into(), key: key.into() }
}

fn loaded(cache: &str, key: &str, succeeded: bool) -> CacheEvent {
    CacheEvent::Loaded { cache: cache.into(), key: key.into(), took: Duration::ZERO, succeeded }
}

fn invalidated(target: Target, strength: Strength) -> CacheEvent {
    CacheEvent::Invalidated { target, strength, heard: None }
}

#[tokio::test]
async fn loads_stores_and_invalidations_but_no_hits() {
    let space = Namespace::local("shop");
    let users = cache(&space, "users", 100);
    let mut events = space.events();
    for _ in 0..2 {
        users.get_or_load(&7, async || "Ada".to_owned()).await;
    }
    let _failed = users.get_or_load(&8, async || Err::<String, _>(LoadFailed::Deadline)).await;
    users.invalidator().soft().tag(&Tag::named("red")).await;
    users.clear().await;
    let wanted = [
        loaded("users", "7", true),
        stored("users", "7"),
        loaded("users", "8", false),
        invalidated(Target::Tag(Tag::named("red")), Strength::Soft),
        invalidated(Target::Clear(Some("users".into())), Strength::Hard),
    ];
    assert_eq!(told(&mut events), wanted);
}

#[tokio::test]
async fn a_cache_tells_of_itself_and_of_what_is_about_all() {
    let space = Namespace::local("shop");
    let (users, teams) = (cache(&space, "users", 100), cache(&space, "teams", 100));
    let mut events = users.events();
    teams.insert(&1, "red".to_owned()).await;
    users.insert(&7, "Ada".to_owned()).await;
    teams.invalidate(&1).await;
    space.clear().await;
    assert_eq!(told(&mut events), [stored("users", "7"), invalidated(Target::Clear(None), Strength::Hard)]);
}

#[tokio::test]
async fn what_had_to_make_room() {
    let space = Namespace::local("shop");
    let users = cache(&space, "users", 1);
    let mut events = space.events();
    for key in 0..10 {
        users.insert(&key, "Ada".to_owned()).await;
    }
    let evicted = |event: &CacheEvent| matches!(event, CacheEvent::Evicted { cause: EvictCause::Capacity, cache, .. } if **cache == *"users");
    assert!(told(&mut events).iter().any(evicted));
}

#[tokio::test]
async fn who_is_too_slow_is_told_how_much_it_missed() {
    let space = Namespace::builder("shop").events_max(4).build().expect("valid settings");
    let users = cache(&space, "users", 100);
    let mut events = space.events();
    for key in 0..10 {
        users.insert(&key, "Ada".to_owned()).await;
    }
    assert_eq!(events.next().await, Some(CacheEvent::Missed(6)));
    assert_eq!(events.next().await, Some(stored("users", "6")));
    drop((users, space));
    while let Some(event) = events.next().await {
        assert!(matches!(event, CacheEvent::Stored { .. }));
    }
}

#[tokio::test]
async fn what_is_heard_of_other_nodes_and_what_was_missed() {
    let hub = Hub::by_hand();
    let link = hub.node();
    let node = |link| Namespace::builder("shop").sequencer(link).meter(&Meter::disabled()).build();
    let (a, b) = (node(hub.node()).expect("valid settings"), node(link.clone()).expect("valid settings"));
    a.ready().await;
    b.ready().await;
    let mut events = b.events();
    a.invalidate_tag(&Tag::named("red")).await;
    let stamp = hub.end().stamp;
    link.deliver_all();
    let heard = CacheEvent::Invalidated {
        target: Target::Tag(Tag::named("red")),
        strength: Strength::Hard,
        heard: Some(stamp),
    };
    assert_eq!(events.next().await, Some(heard));
    a.invalidate_tag(&Tag::named("blue")).await;
    assert!(link.lose(0));
    link.heartbeat();
    let mut all = Vec::new();
    eventually("it was replayed", async || {
        all.extend(std::iter::from_fn(|| events.try_next()));
        all.contains(&CacheEvent::Replayed { complete: true, missed: 1 })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_the_circuit_breaker_of_a_tier_does() {
    let mut cluster = Cluster::start("shop", 1).await;
    let shared = |space: &Namespace| -> Cache<u64, String> {
        Cache::builder("users").namespace(space).shared().build().expect("valid settings")
    };
    let users = shared(cluster.space(0));
    let (mut events, mut other) = (users.events(), cluster.space(0).events());
    let mut breaker = || {
        let states = told(&mut events).into_iter().filter_map(|event| match event {
            CacheEvent::Breaker { tier, state } => Some((tier, state)),
            _ => None,
        });
        states.map(|(tier, state)| (tier.into_string(), state)).collect::<Vec<_>>()
    };
    let tier = cluster.space(0).tiers()[0].name().to_owned();
    let became = |state| vec![(tier.clone(), state)];
    assert!(users.get(&7).await.is_none() && breaker().is_empty());
    cluster.shelf().faults().fail(Step::ALL);
    for key in 0..10 {
        assert!(users.get(&key).await.is_none());
    }
    assert_eq!(breaker(), became(State::Open), "once");
    // Probes fail, and then succeed.
    tokio::time::advance(Duration::from_secs(3)).await;
    users.get(&7).await;
    assert_eq!(breaker(), [became(State::HalfOpen), became(State::Open)].concat());
    cluster.shelf().faults().heal();
    tokio::time::advance(Duration::from_secs(3)).await;
    users.get(&7).await;
    assert_eq!(breaker(), [became(State::HalfOpen), became(State::Closed)].concat());
    let is_breaker = |event: &CacheEvent| matches!(event, CacheEvent::Breaker { .. });
    assert_eq!(
        told(&mut other).iter().filter(|event| is_breaker(event)).count(),
        5,
        "the namespace tells it too"
    );

    // Another namespace has a breaker of its own.
    let there = cluster.add(|builder| builder).await;
    cluster.shelf().faults().fail(Step::ALL);
    let there = shared(cluster.space(there));
    for key in 0..10 {
        assert!(there.get(&key).await.is_none());
    }
    assert!(breaker().is_empty());
}
