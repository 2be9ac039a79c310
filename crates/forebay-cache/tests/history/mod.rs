//! The history checker: several nodes in one process live through a random schedule of reads, writes and mishaps, and the rule is
//! asserted over everything that was read.
//!
//! A schedule is drawn from a number, runs on one thread with paused time, and so happens the same way each time: what breaks the
//! rule is cut down to the shortest schedule that still does, and printed.

mod database;
mod facts;
mod op;
mod peer;
mod schedule;
mod world;

pub(crate) use schedule::Schedule;

use std::ops::Range;

pub(crate) const KEYS: usize = 6;
/// More than a node's table has room for.
pub(crate) const TAGS: usize = 3;
pub(crate) const NODES: usize = 3;

/// The first of these histories that breaks the rule, cut down, with what was seen.
pub(crate) fn first_violation(seeds: Range<u64>) -> Option<(Schedule, String)> {
    seeds.into_iter().find_map(|seed| {
        let schedule = Schedule::random(seed);
        schedule.violation()?;
        let shortest = schedule.shortest();
        let seen = format!("history {seed}: {}\n{shortest}", shortest.violation()?);
        Some((shortest, seen))
    })
}
