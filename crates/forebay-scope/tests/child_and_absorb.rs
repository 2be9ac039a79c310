//! A child begins with what its parent requires, keeps its own account, and is taken over when it ends.

use forebay_scope::{Position, Positions, Scope, Slot, Tag};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

fn at(system: u64, lsn: u64) -> Position {
    Position { system, timeline: 1, lsn }
}

#[tokio::test]
async fn a_child_is_the_same_request() {
    let parent = Scope::with_deadline(Instant::now() + Duration::from_secs(1));
    parent.require(at(1, 10));
    parent.wrote(at(2, 20));
    parent.read([Tag::named("parent")]);
    parent.mark_behind();

    let child = parent.child();
    assert_eq!((child.id(), child.deadline()), (parent.id(), parent.deadline()));
    assert_eq!((child.required(1), child.required(2)), (Some(at(1, 10)), Some(at(2, 20))));
    assert_eq!(child.requirements(), Positions::from(vec![at(1, 10), at(2, 20)]));
    assert!(Scope::new().requirements().is_empty());
    assert!(child.written().is_empty() && child.tags().as_slice().is_empty() && !child.is_behind());
}

#[test]
fn nothing_flows_up_before_it_is_absorbed() {
    let parent = Scope::new();
    let child = parent.child();
    child.read([Tag::named("child")]);
    child.wrote(at(1, 30));
    child.require(at(2, 40));
    child.mark_behind();
    assert!(parent.tags().as_slice().is_empty() && parent.written().is_empty() && !parent.is_behind());
    assert_eq!((parent.required(1), parent.required(2)), (None, None));
    parent.require(at(3, 1));
    assert_eq!(child.required(3), None, "nor down after it was made");

    parent.absorb(&child);
    assert_eq!(parent.tags().as_slice(), [Tag::named("child")]);
    assert_eq!((parent.written(), parent.required(1)), (at(1, 30).into(), Some(at(1, 30))));
    assert!(parent.is_behind());
    assert_eq!(parent.required(2), Some(at(2, 40)), "a write whose end is not known is only required");
}

#[test]
fn absorbing_keeps_what_was_there() {
    let parent = Scope::new();
    parent.wrote(at(1, 50));
    parent.read([Tag::named("a"), Tag::named("b")]);
    for lsn in [40, 60, 45] {
        let child = parent.child();
        child.wrote(at(1, lsn));
        child.read([Tag::named("b"), Tag::named("c")]);
        parent.absorb(&child);
    }
    assert_eq!(parent.written(), Positions::from(at(1, 60)));
    assert_eq!(parent.tags().as_slice(), [Tag::named("a"), Tag::named("b"), Tag::named("c")]);
    assert!(!parent.is_behind());
    assert_eq!(Scope::new().required(1), None);
}

#[test]
fn a_scope_absorbs_itself_without_harm() {
    let scope = Scope::new();
    scope.read([Tag::named("a")]);
    scope.absorb(&scope.clone());
    assert_eq!(scope.tags().as_slice().len(), 1);
}

#[test]
fn many_children_are_absorbed_at_once() {
    let parent = Scope::new();
    std::thread::scope(|threads| {
        for thread in 0..4_u64 {
            let parent = &parent;
            threads.spawn(move || {
                for n in 0..25_u64 {
                    let child = parent.child();
                    child.read([Tag::of("n", thread * 25 + n)]);
                    child.wrote(at(thread, n + 1));
                    parent.absorb(&child);
                }
            });
        }
    });
    assert_eq!(parent.tags().as_slice().len(), 100);
    assert!((0..4).all(|system| parent.required(system) == Some(at(system, 25))));
}

/// Says when it is dropped.
struct Told(Arc<AtomicBool>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_slot_is_one_for_all_parts_and_ends_with_the_last() {
    let (slot, other) = (Slot::<Told>::new(), Slot::<Told>::new());
    let ended = Arc::new(AtomicBool::new(false));
    let make = || Told(Arc::clone(&ended));
    let (scope, foreign) = (Scope::new(), Scope::new());
    assert!(scope.find(&slot).is_none());
    let part = scope.child().detached();
    let made = part.slot(&slot, make);
    assert!(Arc::ptr_eq(&made, &scope.slot(&slot, make)), "one value for all parts");
    assert!(scope.find(&other).is_none() && foreign.find(&slot).is_none(), "and for nobody else");
    ended.store(false, Ordering::Relaxed);
    drop((made, scope));
    assert!(!ended.load(Ordering::Relaxed), "a part of the request goes on");
    drop(part);
    assert!(ended.load(Ordering::Relaxed), "the request has ended");
}
