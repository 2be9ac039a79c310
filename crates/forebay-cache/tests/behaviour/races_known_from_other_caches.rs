//! Races that were reported against other tiered caches, each told again here. The numbers are those of the reports:
//! FusionCache's issues, and one of dotnet/extensions (HybridCache).

use forebay_cache::{
    Cache, Heard, LoadFailed, LoaderError, Reached, Tag,
    testing::{Cluster, Hub, Shelf, Step, TestClock},
};
use futures_util::FutureExt as _;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::Notify;

type Words = Cache<u32, String>;

fn tag() -> Tag {
    Tag::named("greetings")
}

/// Nodes whose messages wait for the test, and their shared caches.
async fn nodes(count: usize) -> (Cluster, Vec<Words>) {
    let cluster = Cluster::start_on("shop", count, Hub::by_hand(), Shelf::new()).await;
    let words = cluster
        .each(|space| Cache::builder("words").namespace(space).shared().build().expect("valid settings"));
    (cluster, words)
}

async fn fill(words: &Words, value: &str) -> String {
    words.entry(&1).tags(|| [tag()]).get_or_load(async || value.to_owned()).await
}

async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// FusionCache 535: an entry that is made while its tag is removed got a time after the removal, and lived on.
#[tokio::test]
async fn an_entry_made_while_its_tag_is_removed() {
    let (cluster, words) = nodes(1).await;
    let go = Notify::new();
    let load = words[0].entry(&1).tags(|| [tag()]).get_or_load(async || {
        go.notified().await;
        "old".to_owned()
    });
    let mut load = pin!(load);
    assert!(load.as_mut().now_or_never().is_none());
    words[0].invalidate_tag(&tag()).await;
    go.notify_one();
    assert_eq!(load.await, "old");
    assert!(words[0].peek(&1).is_none());
    assert_eq!(fill(&words[0], "new").await, "new");
    cluster.shutdown().await;
}

/// FusionCache 628: a background completion is stamped when it ends, so that a removal in between does not reach it.
#[tokio::test]
async fn a_background_refresh_that_ends_after_its_tag_was_removed() {
    let (clock, go) = (TestClock::new(), Arc::new(Notify::new()));
    let (started, ended) = (Arc::new(Notify::new()), go.clone());
    let begun = started.clone();
    let words: Words = Cache::builder("words")
        .clock(clock.clock())
        .ttl(Duration::from_secs(10))
        .stale_while_revalidate(Duration::from_secs(60))
        .tags_from(|_: &u32, _: &String| [tag()])
        .loader(move |_: u32| {
            let (begun, ended) = (begun.clone(), ended.clone());
            async move {
                begun.notify_one();
                ended.notified().await;
                Ok::<_, LoaderError>(Some(Arc::new("refreshed from before".to_owned())))
            }
        })
        .build()
        .expect("valid settings");
    words.insert(&1, "old".to_owned()).await;
    clock.advance(Duration::from_secs(11));
    assert_eq!(words.get(&1).await.as_deref().map(String::as_str), Some("old"), "within its window");
    started.notified().await;
    words.invalidate_tag(&tag()).await;
    go.notify_one();
    words.shutdown().await;
    assert!(words.peek(&1).is_none());
    assert_eq!(words.get_or_load(&1, async || "new".to_owned()).await, "new");
}

/// FusionCache 625: removing a key during its load does not reach what the load stores; with memory alone.
#[tokio::test]
async fn a_key_removed_during_its_load() {
    let words: Words = Cache::builder("words").build().expect("valid settings");
    let go = Notify::new();
    let load = words.get_or_load(&1, async || {
        go.notified().await;
        "old".to_owned()
    });
    let mut load = pin!(load);
    assert!(load.as_mut().now_or_never().is_none());
    words.invalidate(&1).await;
    go.notify_one();
    assert_eq!(load.await, "old");
    assert!(words.peek(&1).is_none());
}

/// FusionCache 613: another fetch reads the old value from the second tier while it is being removed there, and keeps it.
#[tokio::test(start_paused = true)]
async fn a_fetch_from_the_second_tier_while_the_key_is_removed_there() {
    let (cluster, words) = nodes(2).await;
    fill(&words[0], "old").await;
    until(|| !cluster.shelf().is_empty()).await;
    // The removal does not get through.
    cluster.shelf().faults().fail([Step::Remove]);
    words[0].invalidate(&1).await;
    assert_eq!(fill(&words[0], "new").await, "new", "not what the second tier still holds");
    // On the other node too, once it knows, and not a moment longer.
    cluster.link(1).deliver_all();
    cluster.settled().await;
    assert_ne!(fill(&words[1], "newer").await, "old");
    cluster.shutdown().await;
}

/// The same on another node, whose fetch had begun: its memory has nothing to remove when the message comes.
#[tokio::test(start_paused = true)]
async fn a_message_that_finds_memory_empty_because_the_old_value_is_still_on_its_way() {
    let (cluster, words) = nodes(2).await;
    fill(&words[0], "old").await;
    until(|| !cluster.shelf().is_empty()).await;
    cluster.shelf().faults().delay([Step::Get], Duration::from_millis(20));
    cluster.shelf().faults().fail([Step::Remove]);
    let mut fetch = pin!(words[1].get(&1));
    assert!(fetch.as_mut().now_or_never().is_none());
    words[0].invalidate(&1).await;
    cluster.link(1).deliver_all();
    cluster.settled().await;
    let _began_before = fetch.await;
    assert!(words[1].peek(&1).is_none(), "it is not kept");
    cluster.shutdown().await;
}

/// FusionCache 627: a node that reads a tag's marker again tells everybody, with a new time, and evicts what is newer.
#[tokio::test(start_paused = true)]
async fn a_node_that_learns_of_an_old_removal_takes_nothing_from_the_others() {
    let (mut cluster, words) = nodes(1).await;
    words[0].invalidate_tag(&tag()).await;
    fill(&words[0], "new").await;
    until(|| !cluster.shelf().is_empty()).await;
    let end = cluster.hub().end();
    let late = cluster.add(|settings| settings).await;
    let late: Words =
        Cache::builder("words").namespace(cluster.space(late)).shared().build().expect("valid settings");
    assert_eq!(late.get(&1).await.as_deref().map(String::as_str), Some("new"), "it asks, and finds it valid");
    cluster.link(0).deliver_all();
    cluster.link(0).hear(Heard::Interrupted);
    cluster.settled().await;
    assert_eq!(cluster.hub().end(), end, "nothing was said");
    assert!(words[0].peek(&1).is_some(), "nothing was lost");
    cluster.shutdown().await;
}

/// dotnet/extensions 7771: while a tag's removal is pending its time is compared with the reader's clock, so that most reads
/// still get what was removed.
#[tokio::test(start_paused = true)]
async fn reads_while_a_removal_is_pending_whatever_the_clocks_say() {
    let (cluster, _) = nodes(1).await;
    let clock = TestClock::new();
    let words: Words = Cache::builder("clocked")
        .namespace(cluster.space(0))
        .clock(clock.clock())
        .ttl(Duration::from_secs(3600))
        .shared()
        .build()
        .expect("valid settings");
    fill(&words, "old").await;
    until(|| !cluster.shelf().is_empty()).await;
    cluster.link(0).faults().black_hole(Step::ALL);
    let tag = tag();
    let mut removal = pin!(words.invalidate_tag(&tag));
    assert!(removal.as_mut().now_or_never().is_none(), "it is pending");
    assert!(words.peek(&1).is_none(), "memory does not wait for its number");
    assert_eq!(removal.await, Reached::Here);
    for _ in 0..50 {
        clock.advance(Duration::from_millis(7));
        assert!(words.peek(&1).is_none() && words.get(&1).await.is_none());
    }
    cluster.link(0).faults().heal();
    cluster.shutdown().await;
}

/// FusionCache 648: after everything was cleared for good, a load that fails got an expired value from the second tier.
#[tokio::test(start_paused = true)]
async fn a_failing_load_after_everything_was_cleared_for_good() {
    let (cluster, _) = nodes(1).await;
    let words: Words = Cache::builder("kept")
        .namespace(cluster.space(0))
        .clock(forebay_cache::Clock::tokio())
        .ttl(Duration::from_secs(1))
        .stale_if_error(Duration::from_secs(3600))
        .shared()
        .build()
        .expect("valid settings");
    let fail = async || Err::<String, _>(LoadFailed::Leader("down".into()));
    fill(&words, "old").await;
    until(|| !cluster.shelf().is_empty()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(words.get_or_load(&1, fail).await.expect("it stands in"), "old");
    words.clear().await;
    assert!(words.get_or_load(&1, fail).await.is_err(), "neither from memory nor from the tier");
    cluster.shutdown().await;
}
