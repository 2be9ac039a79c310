//! A load must read what the invalidations that concern it stand for, or it is returned and not stored.

use forebay_cache::{Cache, LoadFailed, Namespace, Tag};
use forebay_scope::{Position, Reach, Scope};

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

/// Loads `key` of `pages`, declared as red, from the row that is blue; what it was asked to read at or after.
async fn page(pages: &Cache<u32, Option<u64>>, rows: &Cache<u32, Option<u64>>, key: u32) -> Option<u64> {
    let load = async || {
        let asked = Scope::current().expect("a load has a scope").required(SYSTEM).map(|at| at.lsn);
        rows.entry(&7).tags(|| [Tag::named("blue")]).get_or_load(async || Some(7)).await;
        asked
    };
    pages.entry(&key).tags(|| [Tag::named("red")]).get_or_load(load).await
}

fn rows_and_pages() -> [Cache<u32, Option<u64>>; 2] {
    let space = Namespace::local("shop");
    ["rows", "pages"].map(|name| Cache::builder(name).namespace(&space).build().expect("valid settings"))
}

#[tokio::test]
async fn what_comes_upon_a_tag_it_might_have_been_read_before_is_not_stored() {
    let [rows, pages] = rows_and_pages();
    rows.invalidator().after(at(100)).tag(&Tag::named("blue")).await;
    let request = Scope::new();
    assert_eq!(request.run(page(&pages, &rows, 1)).await, None);
    assert!(rows.peek(&7).is_some() && pages.peek(&1).is_none());
    assert!(request.is_behind(), "what the request builds from it must not be stored either");
    assert_eq!(page(&pages, &rows, 1).await, Some(100), "the next one knows");
    assert!(pages.peek(&1).is_some());
    assert_eq!(page(&pages, &rows, 2).await, Some(100), "and so do other keys");
    assert!(pages.peek(&2).is_some());
}

#[tokio::test]
async fn what_its_reads_had_reached_anyway_is_stored() {
    let [rows, _] = rows_and_pages();
    rows.invalidator().after(at(100)).tag(&Tag::named("blue")).await;
    for (name, reach, stored) in [
        ("short", Reach::At(at(99)), false),
        ("enough", Reach::At(at(100)), true),
        ("newest", Reach::Newest, true),
        ("unknown", Reach::Unknown, false),
    ] {
        // A cache each: one that fell short tells its later loads.
        let pages: Cache<u32, u64> =
            Cache::builder(name).namespace(rows.namespace()).build().expect("valid settings");
        let load = async || {
            let scope = Scope::current().expect("a load has a scope");
            scope.reached(SYSTEM, reach);
            scope.read([Tag::named("blue")]);
            7
        };
        pages.entry(&1).tags(|| [Tag::named("red")]).get_or_load(load).await;
        assert_eq!(pages.peek(&1).is_some(), stored, "{reach:?}");
    }
}

#[tokio::test]
async fn a_reload_asks_for_what_the_entry_before_it_depended_on() {
    let [rows, pages] = rows_and_pages();
    page(&pages, &rows, 1).await;
    rows.invalidator().after(at(100)).tag(&Tag::named("blue")).await;
    assert_eq!(page(&pages, &rows, 1).await, Some(100));
    assert!(pages.peek(&1).is_some(), "it is stored at once");
}

#[tokio::test]
async fn what_had_reached_enough_for_another_reason_is_stored() {
    let [rows, pages] = rows_and_pages();
    rows.invalidator().after(at(100)).tag(&Tag::named("blue")).await;
    pages.invalidator().after(at(200)).tag(&Tag::named("red")).await;
    assert_eq!(page(&pages, &rows, 1).await, Some(200));
    assert!(pages.peek(&1).is_some());
    rows.invalidator().after(at(300)).tag(&Tag::named("blue")).await;
    let request = Scope::new();
    request.require(at(300));
    assert_eq!(request.run(page(&pages, &rows, 2)).await, Some(300));
    assert!(pages.peek(&2).is_some() && !request.is_behind());
}

#[tokio::test]
async fn a_tag_that_is_noted_in_the_scope_counts_as_well() {
    let [_, pages] = rows_and_pages();
    pages.invalidator().after(at(100)).tag(&Tag::named("blue")).await;
    let load = async || {
        Scope::current().expect("a load has a scope").read([Tag::named("blue")]);
        None::<u64>
    };
    let found = pages.entries(&[1]).tags(|_| [Tag::named("red")]).get_or_load(async |_| {
        load().await;
        Ok::<_, LoadFailed>(vec![(1, Some(5))])
    });
    assert_eq!(found.await.found.len(), 1);
    assert!(pages.peek(&1).is_none(), "in a batch");
}
