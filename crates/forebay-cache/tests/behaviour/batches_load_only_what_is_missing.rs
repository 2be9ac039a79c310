//! A batch asks each tier once for what is missing, calls its loader once for what no tier has, joins what others load, and
//! keeps the outcomes of its keys apart.
#![cfg(feature = "test-util")]

use crate::support::{eventually, start};
use forebay_cache::{
    Cache, LoadFailed, Namespace, Tag,
    testing::{Cluster, Step},
};
use std::{cell::RefCell, future::pending, sync::Arc, time::Duration};

fn cache() -> Cache<u32, String> {
    Cache::builder("words").build().expect("valid settings")
}

fn shared(space: &Namespace) -> Cache<u32, String> {
    Cache::builder("words")
        .namespace(space)
        .ttl(Duration::from_secs(100))
        .shared()
        .build()
        .expect("valid settings")
}

type Pairs = Result<Vec<(u32, String)>, LoadFailed>;

fn loaded(keys: &[u32]) -> Pairs {
    Ok(keys.iter().map(|key| (*key, format!("loaded {key}"))).collect())
}

fn texts(found: Vec<Option<Arc<String>>>) -> Vec<Option<String>> {
    found.into_iter().map(|value| value.map(|value| value.to_string())).collect()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn the_loader_gets_the_misses_once_each_and_the_answers_are_in_the_order_asked() {
    let cache = cache();
    cache.insert(&2, "kept".to_owned()).await;
    let asked = RefCell::new(Vec::new());
    let many = cache
        .get_or_load_many(&[3, 2, 1, 3], async |misses: Vec<u32>| {
            asked.borrow_mut().push(misses.clone());
            let mut pairs = loaded(&misses)?;
            pairs.push((99, "nobody asked".to_owned()));
            pairs.reverse();
            Ok::<_, LoadFailed>(pairs)
        })
        .await;
    let found = texts(many.all().expect("it loads"));
    assert_eq!(found, [text("loaded 3"), text("kept"), text("loaded 1"), text("loaded 3")]);
    assert_eq!(*asked.borrow(), [vec![3, 1]]);
    assert!(cache.peek(&3).is_some() && cache.peek(&1).is_some() && cache.peek(&99).is_none());
}

#[tokio::test]
async fn absence_and_errors_are_apart_for_each_key() {
    let cache = cache();
    let many = cache
        .get_or_load_many(&[1, 2, 3, 4], async |_: Vec<u32>| {
            let failed = LoadFailed::Leader("broken row".into());
            Ok::<_, LoadFailed>(vec![(1, Ok(Some("one".to_owned()))), (2, Ok(None)), (3, Err(failed))])
        })
        .await;
    assert!(many.error.is_none());
    assert_eq!(many.found[0], Ok(Some(Arc::new("one".to_owned()))));
    assert_eq!(many.found[1], Ok(None));
    assert!(matches!(&many.found[2], Err(LoadFailed::Leader(why)) if why.contains("broken row")));
    assert_eq!(many.found[3], Ok(None), "what was left out does not exist");
    assert!(many.all().is_err());
    assert_eq!(cache.len(), 1);
}

#[tokio::test]
async fn a_failed_loader_leaves_what_was_there() {
    let cache: Cache<u32, String> =
        Cache::builder("words").stale_if_error(Duration::from_secs(60)).build().expect("valid settings");
    cache.insert(&1, "kept".to_owned()).await;
    cache.insert(&2, "stale".to_owned()).await;
    cache.invalidator().soft().key(&2).await;
    let load = async |_: Vec<u32>| Err::<Vec<(u32, String)>, _>(LoadFailed::Leader("down".into()));
    let many = cache.get_or_load_many(&[1, 2, 3], load).await;
    assert_eq!(many.found[0], Ok(Some(Arc::new("kept".to_owned()))));
    assert_eq!(many.found[1], Ok(Some(Arc::new("stale".to_owned()))));
    assert!(many.found[2].is_err());
    assert_eq!(many.error, Some(LoadFailed::Leader("down".into())));
    let many = cache.get_or_load_many(&[1, 2], load).await;
    assert_eq!(many.all().expect("a stale value stands in").len(), 2);
}

#[tokio::test]
async fn what_another_loads_is_waited_for_and_not_loaded_again() {
    let cache = cache();
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let single = start(cache.get_or_load(&1, async || {
        receive.await.expect("sent");
        "from the single call".to_owned()
    }));
    let asked = RefCell::new(Vec::new());
    let batch = start(cache.get_or_load_many(&[1, 2], async |misses: Vec<u32>| {
        asked.borrow_mut().extend(misses.clone());
        loaded(&misses)
    }));
    assert!(cache.peek(&2).is_some(), "its own load does not wait for the other");
    send.send(()).expect("it waits");
    single.await;
    assert_eq!(texts(batch.await.all().expect("loaded")), [text("from the single call"), text("loaded 2")]);
    assert_eq!(*asked.borrow(), [2]);
}

#[tokio::test]
async fn batches_that_overlap_crosswise_do_not_wait_for_each_other_for_ever() {
    let cache = cache();
    let gate = tokio::sync::Semaphore::new(0);
    let load = async |misses: Vec<u32>| {
        gate.acquire().await.expect("open").forget();
        loaded(&misses)
    };
    let first = start(cache.get_or_load_many(&[1, 2, 3], load));
    let single = start(cache.get_or_load(&4, async || {
        gate.acquire().await.expect("open").forget();
        "alone".to_owned()
    }));
    let second = start(cache.get_or_load_many(&[5, 4, 3, 2, 6], load));
    let third = start(cache.get_or_load_many(&[6, 1, 5, 7], load));
    gate.add_permits(4);
    let all = async { tokio::join!(first, second, third, single) };
    let (first, second, third, _) =
        tokio::time::timeout(Duration::from_secs(30), all).await.expect("no circle of waiting");
    assert_eq!(texts(second.all().expect("loaded")).len(), 5);
    assert!(first.found.iter().chain(&third.found).all(|found| matches!(found, Ok(Some(_)))));
    assert_eq!(gate.available_permits(), 0, "each key was loaded once");
}

#[tokio::test]
async fn a_dropped_batch_hands_over_each_of_its_keys() {
    let cache = cache();
    let batch = start(cache.get_or_load_many(&[1, 2, 3], async |_: Vec<u32>| pending::<Pairs>().await));
    let one = start(cache.get_or_load(&1, async || "own".to_owned()));
    let others = start(cache.get_or_load_many(&[3, 2], async |misses: Vec<u32>| loaded(&misses)));
    drop(batch);
    assert_eq!(one.await, "own");
    assert_eq!(texts(others.await.all().expect("loaded")), [text("loaded 3"), text("loaded 2")]);
}

#[tokio::test]
async fn an_invalidation_during_the_load_hits_its_key_alone() {
    let cache = cache();
    let many = cache
        .entries(&[1, 2, 3])
        .tags(|key| [Tag::of("word", key)])
        .get_or_load(async |misses: Vec<u32>| {
            cache.invalidate(&1).await;
            cache.invalidate_tag(&Tag::of("word", 2)).await;
            loaded(&misses)
        })
        .await;
    assert_eq!(many.all().expect("loaded").len(), 3);
    assert!(cache.peek(&1).is_none() && cache.peek(&2).is_none() && cache.peek(&3).is_some());
}

#[tokio::test]
async fn tags_reach_each_key_and_its_value() {
    let cache = cache();
    let batch = cache
        .entries(&[1, 2])
        .tags(|key| [Tag::of("word", key)])
        .tags_from(|key, value: &String| [Tag::named(format!("{key} {value}"))]);
    batch.get_or_load(async |misses: Vec<u32>| loaded(&misses)).await.all().expect("loaded");
    cache.invalidate_tag(&Tag::of("word", 1)).await;
    assert!(cache.peek(&1).is_none() && cache.peek(&2).is_some());
    cache.invalidate_tag(&Tag::named("2 loaded 2")).await;
    assert!(cache.peek(&2).is_none());
}

#[tokio::test]
async fn a_loader_that_asks_for_keys_of_its_own_batch_does_not_wait_for_itself() {
    let cache = cache();
    let many = cache
        .get_or_load_many(&[1, 2], async |misses: Vec<u32>| {
            let inner = cache.get_or_load_many(&[2, 3], async |misses: Vec<u32>| loaded(&misses));
            assert_eq!(inner.await.all().expect("loaded").len(), 2);
            assert_eq!(cache.get_or_load(&1, async || "inner".to_owned()).await, "inner");
            loaded(&misses)
        })
        .await;
    assert_eq!(texts(many.all().expect("loaded")), [text("loaded 1"), text("loaded 2")]);
    assert!(cache.peek(&3).is_some());
}

#[tokio::test]
async fn a_batch_is_one_call_of_the_tier_and_one_of_the_sequencer() {
    let mut cluster = Cluster::start("shop", 1).await;
    let here = shared(cluster.space(0));
    let keys: Vec<u32> = (0..100).collect();
    let tagged = |key: &u32| [Tag::of("word", key)];
    let load = async |misses: Vec<u32>| loaded(&misses);
    here.entries(&keys).tags(tagged).get_or_load(load).await.all().expect("loaded");
    let calls = |step| cluster.shelf().faults().calls(step);
    assert_eq!(calls(Step::Get), 1);
    eventually("the tier is filled", async || cluster.shelf().len() == 100).await;
    assert_eq!(calls(Step::Put), 1);

    assert!(here.invalidate_many(&keys[..10]).await == forebay_cache::Reached::Everywhere);
    assert_eq!(cluster.link(0).faults().calls(Step::Issue), 1);
    eventually("the tombstones are there", async || {
        keys[..10].iter().all(|key| !cluster.shelf().has_entry(&key.to_be_bytes()))
    })
    .await;

    // A node that joins later knows nothing of keys and tags, and must ask.
    let late = cluster.add(|builder| builder).await;
    let there = shared(cluster.space(late));
    let before = cluster.shelf().faults().calls(Step::Get);
    let found = there.get_many(&keys).await;
    assert_eq!(found.iter().filter(|value| value.is_some()).count(), 90);
    assert!(found[..10].iter().all(Option::is_none));
    assert_eq!(cluster.shelf().faults().calls(Step::Get) - before, 1);
    assert_eq!(cluster.link(late).faults().calls(Step::Newest), 1);
    assert_eq!(there.len(), 90, "what was found is kept");
}

#[tokio::test]
async fn inserted_values_go_to_the_tier_in_one_call() {
    let cluster = Cluster::start("shop", 1).await;
    let cache = shared(cluster.space(0));
    cache.insert_many((0..50).map(|key| (key, key.to_string()))).await;
    assert_eq!(cache.len(), 50);
    eventually("the tier is filled", async || cluster.shelf().len() == 50).await;
    assert_eq!(cluster.shelf().faults().calls(Step::Put), 1);
}
