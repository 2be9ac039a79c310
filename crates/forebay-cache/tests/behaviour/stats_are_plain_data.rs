//! What caches, tiers and the chain did can be read without a recorder.

use crate::support::eventually;
use forebay_cache::{
    Cache, Namespace, Tag,
    testing::{Hub, Shelf, Step},
};
use forebay_metrics::Meter;

#[tokio::test]
async fn of_a_cache_its_tiers_and_its_namespace() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let space = Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled());
    let space = space.tier(shelf.guarded()).build().expect("valid settings");
    assert_eq!(space.status().chain, None, "the node has not joined yet");
    space.ready().await;
    let words: Cache<u32, String> =
        Cache::builder("words").namespace(&space).capacity(10).shared().build().expect("valid settings");

    let long = "forebay ".repeat(500);
    for _ in 0..2 {
        words.entry(&1).tags(|| [Tag::named("t")]).get_or_load(async || long.clone()).await;
    }
    eventually("the tier is filled", async || shelf.has_entry(&[0, 0, 0, 1])).await;
    let stats = words.stats();
    assert_eq!((stats.entries, stats.weight, stats.loads, stats.misses), (1, 1, 1, 1));
    assert!(stats.capacity >= 10);
    assert_eq!(stats.hits, None, "counted once, by the recorder");
    assert_eq!(stats.plain_bytes, 4003, "MessagePack adds three");
    assert!(stats.compression_ratio().expect("one was sent") < 0.2);

    words.invalidate_tag(&Tag::named("t")).await;
    let status = space.status();
    assert_eq!((status.numbered, status.chain.expect("joined").number), (1, 1));
    assert!(status.trusts_tiers);
    assert_eq!(status.caches, [words.stats()]);
    let tier = &status.tiers[0];
    assert_eq!((tier.tier.as_str(), tier.breaker, tier.done), ("shelf", "closed", 2));
    assert_eq!(tier.written_bytes, stats.packed_bytes);

    shelf.faults().fail(Step::ALL);
    words.get_or_load(&1, async || "short".to_owned()).await;
    eventually("the tier failed twice", async || space.status().tiers[0].failed == 2).await;
    words.invalidate(&1).await;
    eventually("it owes a tombstone", async || space.status().tiers[0].tombstones_owed == 1).await;
    let data = serde_json::to_value(space.status()).expect("plain data");
    assert_eq!(data["caches"][0]["cache"], "words");
}

#[tokio::test]
async fn of_a_node_that_cannot_reach_the_sequencer() {
    let hub = Hub::by_hand();
    let space = Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled());
    let space = space.build().expect("valid settings");
    space.ready().await;
    let words: Cache<u32, String> =
        Cache::builder("words").namespace(&space).build().expect("valid settings");
    hub.offline(true);
    words.invalidate(&1).await;
    let status = space.status();
    assert_eq!((status.queued, status.postponed, status.trusts_tiers), (1, 1, false));
}
