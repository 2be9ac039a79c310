//! During a rolling deploy two releases of a service share a namespace and its tiers: neither reads what it cannot, none
//! serves what was invalidated, and each hears the other's invalidations.

use crate::support::eventually;
use forebay_cache::{
    Cache, MessagePack, Namespace, Tag,
    testing::{Hub, Shelf, Step},
};
use forebay_metrics::Meter;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Old {
    name: String,
}

/// A field with a default was added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct New {
    name: String,
    #[serde(default)]
    age: u32,
}

/// Something else under the same name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Other {
    cents: u64,
}

async fn release<V>(hub: &Arc<Hub>, shelf: &Arc<Shelf>, schema: u32) -> Cache<u32, V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let space = Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled());
    let space = space.tier(shelf.guarded()).build().expect("valid settings");
    space.ready().await;
    let users = Cache::builder("users").namespace(&space).codec(MessagePack::new().schema(schema));
    users.build().expect("valid settings")
}

async fn fill<V: Clone + Send + Sync + 'static>(users: &Cache<u32, V>, shelf: &Shelf, value: V) {
    let puts = shelf.faults().calls(Step::Put);
    let loaded: V = users.entry(&1).tags(|| [Tag::of("user", 1)]).get_or_load(async || value).await;
    drop(loaded);
    eventually("the tier is filled", async || shelf.faults().calls(Step::Put) > puts).await;
}

#[tokio::test]
async fn a_field_with_a_default_is_read_by_both() {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let old = release::<Old>(&hub, &shelf, 0).await;
    let new = release::<New>(&hub, &shelf, 0).await;
    fill(&old, &shelf, Old { name: "Ada".into() }).await;
    assert_eq!(new.get(&1).await.as_deref(), Some(&New { name: "Ada".into(), age: 0 }));

    new.invalidate_tag(&Tag::of("user", 1)).await;
    eventually("the old release has heard", async || old.peek(&1).is_none()).await;
    fill(&new, &shelf, New { name: "Ada".into(), age: 36 }).await;
    assert_eq!(old.get(&1).await.as_deref(), Some(&Old { name: "Ada".into() }));
}

#[tokio::test]
async fn another_schema_is_a_miss_on_both_sides_and_its_tombstones_count() {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let old = release::<Old>(&hub, &shelf, 0).await;
    let new = release::<Other>(&hub, &shelf, 1).await;
    fill(&old, &shelf, Old { name: "Ada".into() }).await;
    assert_eq!(new.get(&1).await, None);
    fill(&new, &shelf, Other { cents: 5 }).await;

    let third = release::<Old>(&hub, &shelf, 0).await;
    assert_eq!(third.get(&1).await, None, "what the new release put in its place");
    assert_eq!(third.stats().remote_unreadable, 1);

    new.invalidate(&1).await;
    eventually("the old release has heard", async || old.peek(&1).is_none()).await;
    assert_eq!(new.get(&1).await, None);
}

#[tokio::test]
async fn the_same_fingerprint_for_another_type_is_a_miss_and_no_error() {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let old = release::<Old>(&hub, &shelf, 0).await;
    let new = release::<Other>(&hub, &shelf, 0).await;
    fill(&old, &shelf, Old { name: "Ada".into() }).await;
    assert_eq!(new.get(&1).await, None);
    let loaded: Other = new.get_or_load(&1, async || Other { cents: 5 }).await;
    assert_eq!(loaded.cents, 5);
}
