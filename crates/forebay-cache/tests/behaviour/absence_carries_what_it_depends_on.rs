//! "There is no such thing" depends on tags, and on how far the server had got, as a value does: what is built from it in
//! another cache goes when that changes, or is not kept.

use crate::support::start;
use forebay_cache::{Cache, LoadFailed, Namespace, Tag};
use forebay_scope::{Scope, TagsRead};
use std::time::Duration;
use tokio::sync::oneshot;

fn tag() -> Tag {
    Tag::of("user", 7)
}

/// A cache whose loads read the other.
fn caches() -> (Cache<u32, String>, Cache<u32, String>) {
    let space = Namespace::local("shop");
    let cache = |name| {
        let builder = Cache::builder(name).namespace(&space).stale_if_error(Duration::from_secs(60));
        builder.build().expect("valid settings")
    };
    (cache("outer"), cache("inner"))
}

async fn absent(inner: &Cache<u32, String>, load: impl AsyncFnOnce()) -> Option<String> {
    let load = async || {
        load().await;
        None::<String>
    };
    inner.entry(&7).tags(|| [tag()]).get_or_load(load).await
}

async fn outer_of(outer: &Cache<u32, String>, key: u32, inner: impl AsyncFnOnce() -> Option<String>) {
    let page = outer.get_or_load(&key, async || inner().await.unwrap_or("nobody".to_owned())).await;
    assert_eq!(page, "nobody");
}

#[tokio::test]
async fn its_declared_tags_for_the_one_who_loads() {
    let (outer, inner) = caches();
    outer_of(&outer, 1, async || absent(&inner, async || {}).await).await;
    assert!(outer.peek(&1).is_some());
    inner.invalidate_tag(&tag()).await;
    assert!(outer.peek(&1).is_none());
}

#[tokio::test]
async fn its_tags_for_those_who_wait() {
    let (outer, inner) = caches();
    let (tell, told) = oneshot::channel::<()>();
    let leader = start(absent(&inner, async || {
        told.await.expect("told");
        Scope::current().expect("a load has a scope").read([Tag::named("found")]);
    }));
    let follower = start(outer_of(&outer, 1, async || absent(&inner, async || panic!("not its load")).await));
    tell.send(()).expect("waiting");
    assert_eq!(leader.await, None);
    follower.await;
    assert!(outer.peek(&1).is_some());
    inner.invalidate_tag(&Tag::named("found")).await;
    assert!(outer.peek(&1).is_none());
}

#[tokio::test]
async fn that_it_was_behind_or_depends_on_too_much_for_those_who_wait() {
    let behind = || Scope::current().expect("a load has a scope").mark_behind();
    let too_much = || {
        let scope = Scope::current().expect("a load has a scope");
        scope.read((0..=TagsRead::MAX).map(|id| Tag::of("row", id)));
    };
    for trouble in [&behind as &dyn Fn(), &too_much] {
        let (outer, inner) = caches();
        let (tell, told) = oneshot::channel::<()>();
        let leader = start(absent(&inner, async || {
            told.await.expect("told");
            trouble();
        }));
        let follower =
            start(outer_of(&outer, 1, async || absent(&inner, async || panic!("not its load")).await));
        tell.send(()).expect("waiting");
        assert_eq!(leader.await, None);
        follower.await;
        assert!(outer.peek(&1).is_none());
    }
}

#[tokio::test]
async fn what_is_seen_from_behind_takes_no_fallback_away() {
    let (_, users) = caches();
    users.insert(&7, "Ada".to_owned()).await;
    users.invalidator().soft().key(&7).await;
    let load = async || {
        Scope::current().expect("a load has a scope").mark_behind();
        Ok::<_, LoadFailed>(None::<String>)
    };
    assert_eq!(users.get_or_load(&7, load).await, Ok(None));
    let fails = async || Err::<String, _>(LoadFailed::Deadline);
    assert_eq!(users.get_or_load(&7, fails).await.as_deref(), Ok("Ada"));
}

#[tokio::test]
async fn a_failure_is_nothing_to_build_upon_for_those_who_wait() {
    let (outer, inner) = caches();
    let (tell, told) = oneshot::channel::<()>();
    let leader = start(inner.get_or_load(&7, async || {
        told.await.expect("told");
        Err::<String, _>(LoadFailed::Leader("down".into()))
    }));
    let fails = async || {
        inner.get_or_load(&7, async || -> Result<String, LoadFailed> { panic!("not its load") }).await
    };
    let follower = start(outer_of(&outer, 1, async || fails().await.ok()));
    tell.send(()).expect("waiting");
    leader.await.expect_err("the leader fails");
    follower.await;
    assert!(outer.peek(&1).is_none());
}

#[tokio::test]
async fn a_failure_has_its_declared_tags_for_the_one_who_loads() {
    let (outer, inner) = caches();
    let fails = async || {
        let load = async || Err::<String, _>(LoadFailed::Leader("down".into()));
        inner.entry(&7).tags(|| [tag()]).get_or_load(load).await.ok()
    };
    outer_of(&outer, 1, fails).await;
    inner.invalidate_tag(&tag()).await;
    assert!(outer.peek(&1).is_none());
}
