//! `compute` makes a value of the present one: one at a time for each key, and never over an invalidation.
#![cfg(feature = "test-util")]

use crate::support::{eventually, start};
use forebay_cache::{Cache, LoadFailed, Tag, testing::Cluster};

fn cache() -> Cache<u32, u32> {
    Cache::builder("counts").build().expect("valid settings")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_lost_among_many() {
    let cache = cache();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move {
                cache
                    .compute(&1, async |old| {
                        tokio::task::yield_now().await;
                        old.map_or(0, |old| *old) + 1
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("it does not panic");
    }
    assert_eq!(cache.peek(&1).as_deref(), Some(&50));
}

#[tokio::test]
async fn a_load_waits_for_it_and_the_other_way_round() {
    let cache = cache();
    let (send, receive) = tokio::sync::oneshot::channel();
    let compute = start(cache.compute(&1, async |old| {
        assert!(old.is_none());
        receive.await.expect("sent")
    }));
    let load = start(cache.get_or_load(&1, async || 0));
    send.send(7).expect("it waits");
    assert_eq!((compute.await, load.await), (7, 7));

    let (send, receive) = tokio::sync::oneshot::channel();
    let load = start(cache.get_or_load(&2, async || receive.await.expect("sent")));
    let compute = start(cache.compute(&2, async |old| old.map_or(0, |old| *old) + 1));
    send.send(7).expect("it waits");
    assert_eq!((load.await, compute.await), (7, 8));
    assert_eq!(cache.peek(&2).as_deref(), Some(&8));
}

#[tokio::test]
async fn an_invalidation_or_an_insert_meanwhile_wins() {
    let cache = cache();
    cache.insert(&1, 1).await;
    let result = cache
        .compute(&1, async |old| {
            cache.invalidate(&1).await;
            *old.expect("there is one") + 1
        })
        .await;
    assert_eq!((result, cache.peek(&1)), (2, None));
    cache
        .compute(&1, async |_| {
            cache.insert(&1, 10).await;
            2
        })
        .await;
    assert_eq!(cache.peek(&1).as_deref(), Some(&10));
}

#[tokio::test]
async fn the_new_value_depends_on_what_the_old_one_did() {
    let cache = cache();
    cache.entry(&1).tags(|| [Tag::named("a")]).insert(1).await;
    cache.entry(&1).tags(|| [Tag::named("b")]).compute(async |old| *old.expect("there is one") + 1).await;
    assert_eq!(cache.peek(&1).as_deref(), Some(&2));
    cache.invalidate_tag(&Tag::named("a")).await;
    assert!(cache.peek(&1).is_none());
}

#[tokio::test]
async fn an_error_or_a_drop_changes_nothing_and_those_who_wait_go_on() {
    let cache = cache();
    cache.insert(&1, 1).await;
    let failed = LoadFailed::Leader("no".into());
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let failing = start(cache.compute(&1, async |_| {
        receive.await.expect("sent");
        Err::<u32, _>(failed.clone())
    }));
    let next = start(cache.compute(&1, async |old| *old.expect("there is one") + 1));
    send.send(()).expect("it waits");
    assert_eq!((failing.await, next.await), (Err(failed), 2));
    drop(start(cache.compute(&1, async |_| std::future::pending::<u32>().await)));
    assert_eq!(cache.peek(&1).as_deref(), Some(&2));
}

#[tokio::test]
async fn a_panic_changes_nothing_and_those_who_wait_go_on() {
    let cache = cache();
    cache.insert(&1, 1).await;
    cache.invalidate(&1).await;
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let panicking = tokio::spawn({
        let cache = cache.clone();
        async move {
            let change = async |_| -> u32 {
                receive.await.expect("sent");
                panic!("on purpose")
            };
            cache.compute(&1, change).await
        }
    });
    eventually("it computes", async || cache.stats().loading == 1).await;
    let load = start(cache.get_or_load(&1, async || Ok::<_, LoadFailed>(7)));
    send.send(()).expect("it waits");
    assert!(panicking.await.expect_err("its own caller panics").is_panic());
    assert_eq!(load.await, Ok(7), "what it waited for was no load");
}

#[tokio::test]
async fn one_within_a_load_of_its_key_does_not_wait_for_itself() {
    let cache = cache();
    let value =
        cache.compute(&1, async |_| cache.compute(&1, async |old| old.map_or(1, |old| *old)).await + 1).await;
    assert_eq!((value, cache.peek(&1).as_deref()), (2, Some(&2)));
}

#[tokio::test]
async fn it_begins_with_what_a_remote_tier_has_and_forgets_there_as_well() {
    let cluster = Cluster::start("shop", 2).await;
    let counts: Vec<Cache<u32, u32>> = cluster
        .each(|space| Cache::builder("counts").namespace(space).shared().build().expect("valid settings"));
    counts[0].insert(&1, 41).await;
    eventually("the tier has it", async || cluster.shelf().has_entry(&1_u32.to_be_bytes())).await;
    assert_eq!(counts[1].compute(&1, async |old| *old.expect("found") + 1).await, 42);
    assert_eq!(counts[1].compute(&1, async |_| None::<u32>).await, None);
    assert!(counts[1].get(&1).await.is_none());
    eventually("everywhere", async || counts[0].get(&1).await.is_none()).await;
}
