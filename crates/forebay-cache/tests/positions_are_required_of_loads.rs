//! A load must read what the invalidations that concern it stand for, or it is returned and not stored.

use forebay_cache::{Cache, Tag};
use forebay_scope::{Position, Scope};

const SYSTEM: u64 = 7;

fn at(lsn: u64) -> Position {
    Position { system: SYSTEM, timeline: 1, lsn }
}

fn cache() -> Cache<u32, Option<u64>> {
    Cache::builder("rows").build().expect("valid settings")
}

/// What a load of `key` with `tags` is asked to read at or after.
async fn required(cache: &Cache<u32, Option<u64>>, key: u32, tags: &[Tag]) -> Option<u64> {
    cache
        .entry(&key)
        .tags(|| tags.to_vec())
        .get_or_load(async || Scope::current().expect("a load has a scope").required(SYSTEM).map(|p| p.lsn))
        .await
}

#[tokio::test]
async fn of_its_key_and_its_declared_tags_only() {
    let (cache, red, blue) = (cache(), Tag::named("red"), Tag::named("blue"));
    cache.invalidator().after(at(100)).tag(&red).await;
    cache.invalidator().after(at(200)).tag(&blue).await;
    cache.invalidator().after(at(50)).key(&3).await;
    assert_eq!(required(&cache, 1, std::slice::from_ref(&red)).await, Some(100));
    assert_eq!(required(&cache, 2, &[red.clone(), blue]).await, Some(200));
    assert_eq!(required(&cache, 3, &[Tag::named("other")]).await, Some(50));
    assert_eq!(required(&cache, 4, &[Tag::named("other")]).await, None);
    assert_eq!(required(&cache, 5, &[]).await, Some(200), "who declares nothing may depend on anything");
    cache.invalidator().after(at(300)).clear().await;
    assert_eq!(required(&cache, 6, &[red]).await, Some(300));
}

#[tokio::test]
async fn of_the_whole_namespace_when_the_value_may_bring_other_tags() {
    let asked = async || {
        let at = Scope::current().expect("a load has a scope").required(SYSTEM).map(|at| at.lsn);
        Some(at)
    };
    let by_call: Cache<u32, Option<u64>> = cache();
    by_call.invalidator().after(at(100)).tag(&Tag::of("team", 3)).await;
    let load = by_call.entry(&1).tags(|| [Tag::named("declared")]);
    let load = load.tags_from(|_: &Option<u64>| [Tag::of("team", 3)]).get_or_load(asked);
    assert_eq!(load.await, Some(Some(100)));

    let by_cache: Cache<u32, Option<u64>> = Cache::builder("rows")
        .tags_from(|_: &u32, _: &Option<u64>| [Tag::of("team", 3)])
        .build()
        .expect("valid settings");
    by_cache.invalidator().after(at(100)).tag(&Tag::of("team", 3)).await;
    let load = by_cache.entry(&1).tags(|| [Tag::named("declared")]).get_or_load(asked);
    assert_eq!(load.await, Some(Some(100)));
}

#[tokio::test]
async fn taken_from_the_writes_of_the_request() {
    let (cache, tag) = (cache(), Tag::named("red"));
    Scope::new()
        .run(async {
            Scope::current().expect("inside").wrote(at(70));
            cache.invalidate_tag(&tag).await;
        })
        .await;
    assert_eq!(required(&cache, 1, &[tag]).await, Some(70), "also in other requests");
}

#[tokio::test]
async fn a_load_that_was_behind_is_returned_and_not_stored() {
    let cache = cache();
    let request = Scope::new();
    let load = async || {
        Scope::current().expect("a load has a scope").mark_behind();
        Some(1)
    };
    assert_eq!(request.run(cache.get_or_load(&1, load)).await, Some(1));
    assert!(cache.peek(&1).is_none());
    assert!(request.is_behind(), "what the request builds from it must not be stored either");
    assert_eq!(cache.get_or_load(&1, async || Some(2)).await, Some(2));
    assert!(cache.peek(&1).is_some());
}

#[tokio::test]
async fn what_is_inserted_where_a_read_was_behind_is_not_stored() {
    let cache = cache();
    let request = Scope::new();
    request.mark_behind();
    request.run(cache.insert(&1, Some(1))).await;
    assert!(cache.peek(&1).is_none());
}

#[tokio::test]
async fn a_load_with_more_tags_than_can_be_listed_is_not_stored() {
    let cache = cache();
    let load = async || {
        let scope = Scope::current().expect("a load has a scope");
        scope.read((0..=forebay_scope::TagsRead::MAX).map(|id| Tag::of("row", id)));
        Some(1)
    };
    assert_eq!(cache.get_or_load(&1, load).await, Some(1));
    assert!(cache.peek(&1).is_none());
}
