//! Tags may be known only from the value, or come from what the loader read through another cache.

use crate::support::start;
use forebay_cache::{Cache, Namespace, Tag};
use forebay_scope::Scope;
use tokio::sync::oneshot;

struct User {
    team: u32,
}

fn users() -> Cache<u32, User> {
    Cache::builder("users").build().expect("valid settings")
}

#[tokio::test]
async fn from_the_value() {
    let users = users();
    let load = async || {
        users
            .entry(&7)
            .tags_from(|user: &User| [Tag::of("team", user.team)])
            .get_or_load(async || std::sync::Arc::new(User { team: 3 }))
            .await
    };
    load().await;
    users.invalidate_tag(&Tag::of("team", 4)).await;
    assert!(users.peek(&7).is_some());
    users.invalidate_tag(&Tag::of("team", 3)).await;
    assert!(users.peek(&7).is_none());
    load().await;
    assert!(users.peek(&7).is_some(), "the new value was loaded after the invalidation");
}

#[tokio::test]
async fn invalidated_before_anyone_knew_that_the_value_carries_it() {
    let users = users();
    let (tell, told) = oneshot::channel::<()>();
    let load = start(users.entry(&7).tags_from(|user: &User| [Tag::of("team", user.team)]).get_or_load(
        async || {
            told.await.expect("told");
            std::sync::Arc::new(User { team: 3 })
        },
    ));
    users.invalidate_tag(&Tag::of("team", 3)).await;
    tell.send(()).expect("waiting");
    assert_eq!(load.await.team, 3);
    assert!(users.peek(&7).is_none());
}

#[tokio::test]
async fn given_to_every_entry_by_the_cache() {
    let users: Cache<u32, String> = Cache::builder("users")
        .tags_from(|id: &u32, _: &String| [Tag::of("user", id)])
        .build()
        .expect("valid settings");
    users.get_or_load(&7, async || "Ada".to_owned()).await;
    users.invalidate_tag(&Tag::of("user", 7)).await;
    assert!(users.peek(&7).is_none());
}

#[tokio::test]
async fn tags_flow_up_through_nested_caches_and_into_the_request() {
    let space = Namespace::local("shop");
    let inner: Cache<u32, String> =
        Cache::builder("inner").namespace(&space).build().expect("valid settings");
    let outer: Cache<u32, String> =
        Cache::builder("outer").namespace(&space).build().expect("valid settings");
    let tag = Tag::of("user", 7);
    let read_inner =
        async || inner.entry(&7).tags(|| [tag.clone()]).get_or_load(async || "Ada".to_owned()).await;
    let read_outer = async || outer.get_or_load(&1, async || format!("page of {}", read_inner().await)).await;

    // Whether the inner value was loaded or found, its tag comes along.
    for _ in 0..2 {
        let scope = Scope::new();
        assert_eq!(scope.run(read_outer()).await, "page of Ada");
        assert_eq!(scope.tags().as_slice(), std::slice::from_ref(&tag));
        outer.invalidate(&1).await;
    }
    read_outer().await;
    let hit = Scope::new();
    hit.run(read_outer()).await;
    assert_eq!(hit.tags().as_slice(), std::slice::from_ref(&tag), "a hit as well");

    inner.invalidate_tag(&tag).await;
    assert!(outer.peek(&1).is_none(), "it was built from what was invalidated");
}
