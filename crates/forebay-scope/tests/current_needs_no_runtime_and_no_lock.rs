//! Asking for the current scope works anywhere, and asking a scope from inside its own methods does not hang.

use forebay_scope::{Position, Scope, Tag};

#[test]
fn outside_of_a_runtime_there_is_none() {
    assert!(Scope::current().is_none());
    assert_eq!(Scope::with_current(|_| ()), None);
    let scope = Scope::new();
    scope.read([Tag::named("a")]);
    assert_eq!(scope.tags().as_slice().len(), 1);
}

#[tokio::test]
async fn asking_inside_of_asking_works() {
    let scope = Scope::new();
    scope
        .run(async {
            let depth = Scope::with_current(|outer| {
                outer.read([Tag::named("outer")]);
                Scope::with_current(|inner| inner.tags().as_slice().len())
            });
            assert_eq!(depth, Some(Some(1)));
        })
        .await;
}

#[tokio::test]
async fn an_iterator_of_tags_may_ask_the_scope() {
    let scope = Scope::new();
    scope
        .run(async {
            let here = Scope::current().expect("inside");
            // Each tag is made from what the scope knows already: a lock held meanwhile would never be given back.
            here.read((0..3).map(|n| Tag::of("seen", format!("{n}-{}", here.tags().as_slice().len()))));
        })
        .await;
    let tags: Vec<_> = scope.tags().as_slice().iter().map(ToString::to_string).collect();
    assert_eq!(tags, ["seen:0-0", "seen:1-1", "seen:2-2"]);
}

#[test]
fn ids_are_unique_and_clones_are_the_same_scope() {
    let (a, b) = (Scope::new(), Scope::default());
    assert_ne!(a.id(), b.id());
    let clone = a.clone();
    clone.require(Position { system: 1, timeline: 1, lsn: 5 });
    assert_eq!(a.required(1).map(|p| p.lsn), Some(5));
    assert_eq!((clone.id(), a.id().to_string().len()), (a.id(), 16));
}
