//! Random histories over several nodes, checked against the rule: no read that starts after an invalidation was
//! acknowledged on its node returns a value whose load began before it; a node that joins knows all that was acknowledged
//! before; one that hears nothing notices after the bound it was given; and once the backplane has delivered or replayed
//! everything, no node does.
//!
//! What each guard is good for is shown by the unit tests of the crate's module `guards`, which run the same histories with one
//! guard after the other switched off.

mod history;

use history::first_violation;
use std::time::Instant;

/// Histories between two looks at the clock.
const BATCH: u64 = 100;

#[test]
fn on_every_node() {
    if let Some((_, seen)) = first_violation(0..1_500) {
        panic!("{seen}");
    }
}

/// Histories that no test run has seen, for as many minutes as `cargo xtask soak cache` says; one batch without it.
#[test]
fn in_histories_nobody_has_seen() {
    let minutes: f64 =
        std::env::var("FOREBAY_SOAK_MINUTES").ok().map_or(0.0, |minutes| minutes.parse().expect("minutes"));
    let (begun, first) = (Instant::now(), rand::random::<u32>().into());
    let mut seeds = first..first + BATCH;
    loop {
        if let Some((_, seen)) = first_violation(seeds.clone()) {
            panic!("{seen}");
        }
        if begun.elapsed().as_secs_f64() >= minutes * 60.0 {
            return;
        }
        seeds = seeds.end..seeds.end + BATCH;
    }
}
