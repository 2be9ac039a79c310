//! A scope keeps each tag once, in order, up to a bound that it admits to having passed.

use forebay_scope::{Scope, Tag, TagsRead};

fn numbered(range: std::ops::Range<usize>) -> impl Iterator<Item = Tag> {
    range.map(|n| Tag::of("n", n))
}

#[test]
fn each_tag_once_in_the_order_first_seen() {
    let scope = Scope::new();
    scope.read(["b", "a", "b", "c", "a"].map(Tag::named));
    assert_eq!(scope.tags().as_slice(), ["b", "a", "c"].map(Tag::named));
    assert!(!scope.tags().overflowed());
}

#[test]
fn the_bound_itself_is_no_overflow() {
    let scope = Scope::new();
    scope.read(numbered(0..TagsRead::MAX));
    scope.read(numbered(0..TagsRead::MAX));
    let tags = scope.tags();
    assert_eq!((tags.as_slice().len(), tags.overflowed()), (TagsRead::MAX, false));

    scope.read(numbered(0..TagsRead::MAX + 1));
    let tags = scope.tags();
    assert_eq!((tags.as_slice().len(), tags.overflowed()), (TagsRead::MAX, true));
    assert_eq!(tags.as_slice()[0], Tag::of("n", 0), "what came first is kept");
}

#[test]
fn an_overflow_is_taken_over() {
    let (parent, child) = (Scope::new(), Scope::new());
    child.read(numbered(0..TagsRead::MAX + 1));
    parent.absorb(&child);
    assert!(parent.tags().overflowed());

    let (parent, child) = (Scope::new(), Scope::new());
    parent.read(numbered(0..200));
    child.read(numbered(100..300));
    parent.absorb(&child);
    assert!(parent.tags().overflowed(), "together they are more than the bound");
}

#[test]
fn tags_are_their_text() {
    assert_eq!(Tag::of("user", 7), Tag::named("user:7"));
    assert_eq!(format!("{} {:?}", Tag::of("user", 7), Tag::named("x")), "user:7 Tag(x)");
    assert_eq!(serde_json::to_string(&Tag::of("user", 7)).unwrap(), "\"user:7\"");
    let set = std::collections::HashSet::from([Tag::named("a")]);
    assert!(set.contains("a"), "a set of tags can be asked by text");
}
