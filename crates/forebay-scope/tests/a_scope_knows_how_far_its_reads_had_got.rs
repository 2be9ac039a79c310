//! What the reads of a scope saw together: what the server that was furthest back had reached.

use forebay_scope::{Position, Reach, Scope};

const SYSTEM: u64 = 7;

fn at(timeline: u32, lsn: u64) -> Position {
    Position { system: SYSTEM, timeline, lsn }
}

/// Whether a scope with these reads saw position 100 of timeline 1.
fn saw(reads: &[Reach]) -> bool {
    let scope = Scope::new();
    for reach in reads {
        scope.reached(SYSTEM, *reach);
    }
    scope.saw(at(1, 100))
}

#[test]
fn the_furthest_back_counts() {
    assert!(!saw(&[]), "nothing is known without a read");
    assert!(saw(&[Reach::Newest]));
    assert!(saw(&[Reach::At(at(1, 100))]));
    assert!(saw(&[Reach::At(at(1, 300)), Reach::Newest, Reach::At(at(1, 100))]));
    assert!(!saw(&[Reach::Newest, Reach::At(at(1, 99)), Reach::At(at(1, 300))]));
    assert!(!saw(&[Reach::Newest, Reach::Unknown]));
    assert!(!saw(&[Reach::Unknown, Reach::Newest]));
}

#[test]
fn another_timeline_or_system_has_nothing_in_common() {
    assert!(!saw(&[Reach::At(at(2, 300))]), "its log may have forked before");
    assert!(!saw(&[Reach::At(at(2, 300)), Reach::At(at(1, 300))]));
    let scope = Scope::new();
    scope.reached(SYSTEM + 1, Reach::Newest);
    assert!(!scope.saw(at(1, 100)));
    scope.reached(SYSTEM, Reach::Newest);
    assert!(scope.saw(at(1, 100)));
    assert!(scope.saw(Position { system: SYSTEM + 1, ..at(1, 100) }));
}

#[test]
fn a_child_begins_without_reads_and_brings_back_its_own() {
    let parent = Scope::new();
    parent.reached(SYSTEM, Reach::Newest);
    let child = parent.child();
    assert!(!child.saw(at(1, 100)));
    child.reached(SYSTEM, Reach::At(at(1, 50)));
    assert!(parent.saw(at(1, 100)));
    parent.absorb(&child);
    assert!(!parent.saw(at(1, 100)));
    assert!(parent.saw(at(1, 50)));
}
