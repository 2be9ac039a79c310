//! Random histories over several nodes, checked against the rule: no read that starts after an invalidation was
//! acknowledged on its node returns a value whose load began before it; a node that joins knows all that was acknowledged
//! before; one that hears nothing notices after the bound it was given; and once the backplane has delivered or replayed
//! everything, no node does.
//!
//! What each guard is good for is shown by the unit tests of the crate's module `guards`, which run the same histories with one
//! guard after the other switched off.

mod history;

use history::first_violation;

#[test]
fn on_every_node() {
    if let Some((_, seen)) = first_violation(0..1_500) {
        panic!("{seen}");
    }
}
