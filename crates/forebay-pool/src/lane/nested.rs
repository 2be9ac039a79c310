//! Tasks that wait for a session while they hold one of the same lane.
//!
//! When every session is with such a task, none of them ever goes on: the classic deadlock of a pool with itself.
//! A task is all that is known of who holds and who waits. One that does several things at once, joined, may hold
//! a session in one branch and wait in another without harm, so being nested is reported and not by itself an error.

use super::{loans::Loans, queue::Queue};
use std::panic::Location;
use tokio::task;

/// A wait inside of a loan, by the lines of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NestedPlaces {
    pub(crate) held_at: &'static Location<'static>,
    pub(crate) asked_at: &'static Location<'static>,
}

/// The pairs of places that were seen, each with how often.
#[derive(Debug, Default)]
pub(super) struct NestedSeen(Vec<(NestedPlaces, u64)>);

impl NestedSeen {
    /// Counts one; whether it is worth a word: the first of its kind, of at most `max` kinds.
    pub(super) fn note(&mut self, places: NestedPlaces, max: usize) -> bool {
        if let Some((_, times)) = self.0.iter_mut().find(|(seen, _)| *seen == places) {
            *times += 1;
            return false;
        }
        let news = self.0.len() < max;
        if news {
            self.0.push((places, 1));
        }
        news
    }

    pub(super) fn all(&self) -> Vec<(NestedPlaces, u64)> {
        self.0.clone()
    }
}

/// Whether every loan is with a task that waits here for another, `asking` included: nobody will give one back,
/// unless those tasks do several things at once.
pub(super) fn is_deadlock(loans: &Loans, queue: &Queue, asking: task::Id) -> bool {
    loans.tasks().all(|task| {
        task.is_some_and(|task| task == asking || queue.iter().any(|waiter| waiter.task == Some(task)))
    })
}
