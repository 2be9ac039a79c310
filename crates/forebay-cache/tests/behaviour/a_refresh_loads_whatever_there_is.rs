//! `refresh` loads now, whatever any tier holds and whoever else loads; what there was serves until it ends.
#![cfg(feature = "test-util")]

use crate::support::{eventually, start};
use forebay_cache::{Cache, LoadFailed, LoaderError, testing::Cluster};
use std::{
    cell::Cell,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

#[tokio::test]
async fn what_there_was_serves_until_the_new_value_is_there() {
    let cache: Cache<u32, String> = Cache::builder("words").build().expect("valid settings");
    cache.insert(&1, "old".to_owned()).await;
    let (send, receive) = tokio::sync::oneshot::channel();
    let refresh = start(cache.entry(&1).refresh(async || receive.await.expect("sent")));
    assert_eq!(cache.get_or_load(&1, async || "loaded".to_owned()).await, "old");
    send.send("new".to_owned()).expect("it waits");
    assert_eq!(refresh.await, "new");
    assert_eq!(cache.peek(&1).as_deref(), Some(&"new".to_owned()));
}

#[tokio::test]
async fn a_failed_or_dropped_one_leaves_what_there_was() {
    let cache: Cache<u32, String> = Cache::builder("words").build().expect("valid settings");
    cache.insert(&1, "old".to_owned()).await;
    let failed = LoadFailed::Leader("down".into());
    let result = cache.entry(&1).refresh(async || Err::<String, _>(failed.clone())).await;
    assert_eq!(result, Err(failed));
    drop(start(cache.entry(&1).refresh(async || pending::<String>().await)));
    assert_eq!(cache.peek(&1).as_deref(), Some(&"old".to_owned()));
    assert_eq!(cache.refresh(&1).await, Err(LoadFailed::NoLoader));
}

#[tokio::test]
async fn an_older_load_does_not_undo_it() {
    let cache: Cache<u32, String> = Cache::builder("words").build().expect("valid settings");
    let (send, receive) = tokio::sync::oneshot::channel();
    let older = start(cache.get_or_load(&1, async || receive.await.expect("sent")));
    assert_eq!(cache.entry(&1).refresh(async || "new".to_owned()).await, "new");
    send.send("older".to_owned()).expect("it waits");
    assert_eq!(older.await, "older", "who asked before gets it");
    assert_eq!(cache.peek(&1).as_deref(), Some(&"new".to_owned()));
}

#[tokio::test]
async fn the_caches_own_loader_does_it_and_remote_tiers_follow() {
    let cluster = Cluster::start("shop", 2).await;
    let version = Arc::new(AtomicU32::new(1));
    let words: Vec<Cache<u32, u32>> = cluster.each(|space| {
        let version = version.clone();
        let load = move |_: u32| {
            let version = version.load(Ordering::SeqCst);
            async move { Ok::<_, LoaderError>((version != 0).then(|| Arc::new(version))) }
        };
        Cache::builder("words").namespace(space).loader(load).shared().build().expect("valid settings")
    });
    words[0].insert(&1, 100).await;
    eventually("the tier has it", async || cluster.shelf().has_entry(&1_u32.to_be_bytes())).await;
    assert_eq!(words[0].refresh(&1).await, Ok(Some(Arc::new(1))));
    let seen = Cell::new(None);
    eventually("another node finds the new one", async || {
        seen.set(words[1].entry(&1).skip_memory().get().await.map(|value| *value));
        seen.get() == Some(1)
    })
    .await;
    version.store(0, Ordering::SeqCst);
    assert_eq!(words[0].refresh(&1).await, Ok(None));
    assert!(words[0].get(&1).await.is_none(), "no tier brings it back");
    eventually("other nodes forget it too", async || words[1].get(&1).await.is_none()).await;
}
