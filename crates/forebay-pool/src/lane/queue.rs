//! Who waits for a session, and who is next.

use super::{
    access::Patience,
    caller::{Caller, Priority},
};
use crate::{lease::Lease, shared_failure::SharedFailure};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, task};

/// What a waiter gets.
pub(super) type Handed = Result<Lease, Refusal>;

/// Why somebody waits no longer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The server cannot be reached.
    Unreachable(SharedFailure),
    /// The queue is full, and a higher class came.
    Full,
    /// Callers wait for too long already.
    Overloaded { delay: Duration, retry_in: Duration },
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) hand: oneshot::Sender<Handed>,
    pub(super) patience: Patience,
    pub(super) caller: Caller,
    /// The task that waits, for what it holds already.
    pub(super) task: Option<task::Id>,
    /// Since when, without the time of a pause.
    pub(super) since: Instant,
}

impl Waiter {
    pub(super) fn is_gone(&self) -> bool {
        self.hand.is_closed()
    }
}

/// First come, first served within a class; the higher class first, but none for ever.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// By [`Priority`], the lowest first.
    classes: [VecDeque<Waiter>; Priority::COUNT],
    /// How often in a row a higher class was served while this one waited.
    passed_over: [u8; Priority::COUNT],
    len: usize,
}

impl Queue {
    /// Waiters, with those that left and were not noticed yet.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, waiter: Waiter) {
        self.classes[waiter.caller.priority as usize].push_back(waiter);
        self.len += 1;
    }

    /// Who gets the next session.
    pub(super) fn pop(&mut self) -> Option<Waiter> {
        while self.len > 0 {
            let class = self.next_class()?;
            let waiter = self.classes[class].pop_front()?;
            self.len -= 1;
            if waiter.is_gone() {
                continue;
            }
            self.passed_over[class] = 0;
            for lower in 0..class {
                if !self.classes[lower].is_empty() {
                    self.passed_over[lower] += 1;
                }
            }
            return Some(waiter);
        }
        None
    }

    fn next_class(&self) -> Option<usize> {
        let waits = |class: &usize| !self.classes[*class].is_empty();
        let passed_over = |class: &usize| self.passed_over[*class] >= Priority::SHARE - 1;
        let classes = 0..Priority::COUNT;
        classes.clone().find(|class| waits(class) && passed_over(class)).or_else(|| classes.rev().find(waits))
    }

    /// Who came last of the lowest class that waits, if that is lower than `class`.
    pub(super) fn pop_newest_below(&mut self, class: Priority) -> Option<Waiter> {
        for lower in &mut self.classes[..class as usize] {
            while let Some(waiter) = lower.pop_back() {
                self.len -= 1;
                if !waiter.is_gone() {
                    return Some(waiter);
                }
            }
        }
        None
    }

    /// Who has waited longest of a class.
    pub(super) fn oldest(&self, class: Priority) -> Option<&Waiter> {
        self.classes[class as usize].iter().find(|waiter| !waiter.is_gone())
    }

    /// The waits so far do not count.
    pub(super) fn begin_again(&mut self, now: Instant) {
        self.classes.iter_mut().flatten().for_each(|waiter| waiter.since = now);
    }

    /// Those who still wait.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiter> {
        self.classes.iter().flatten().filter(|waiter| !waiter.is_gone())
    }

    /// Forgets those who left.
    pub(super) fn forget_gone(&mut self) {
        self.retain(|_| true);
    }

    /// Takes out everybody who does not pass `keep`.
    pub(super) fn take_unless(&mut self, keep: impl Fn(&Waiter) -> bool) -> Vec<Waiter> {
        let mut taken = Vec::new();
        for class in &mut self.classes {
            let mut kept = VecDeque::with_capacity(class.len());
            for waiter in class.drain(..).filter(|waiter| !waiter.is_gone()) {
                if keep(&waiter) {
                    kept.push_back(waiter);
                } else {
                    taken.push(waiter);
                }
            }
            *class = kept;
        }
        self.len = self.classes.iter().map(VecDeque::len).sum();
        taken
    }

    fn retain(&mut self, keep: impl Fn(&Waiter) -> bool) {
        for class in &mut self.classes {
            class.retain(|waiter| !waiter.is_gone() && keep(waiter));
        }
        self.len = self.classes.iter().map(VecDeque::len).sum();
    }
}
