use crate::{Invalidation, Strength, Target};
use std::collections::VecDeque;

/// Invalidations that wait for the sequencer to answer again, at most `max` of them.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Numbered, so that what was sent is told from an equal one that came later.
    queue: VecDeque<(u64, Invalidation)>,
    pushed: u64,
    /// Those up to this number are being sent, or were.
    sending: u64,
    max: usize,
}

impl Outbox {
    pub(super) const fn new(max: usize) -> Self {
        Self { queue: VecDeque::new(), pushed: 0, sending: 0, max }
    }

    /// Adds an invalidation. When there is no room, one invalidation of everything takes the place of all: nothing is
    /// ever dropped silently.
    pub(super) fn push(&mut self, invalidation: Invalidation) {
        // One that is being sent may have its number already, and then does not reach loads that began since.
        let waiting = self.queue.iter().rev().take_while(|(number, _)| *number > self.sending);
        if waiting.map(|(_, waiting)| waiting).any(|waiting| *waiting == invalidation) {
            return;
        }
        self.pushed += 1;
        if self.queue.len() < self.max {
            self.queue.push_back((self.pushed, invalidation));
            return;
        }
        let mut positions = invalidation.positions;
        for (_, replaced) in self.queue.drain(..) {
            positions.merge_all(&replaced.positions);
        }
        let all = Invalidation { target: Target::Clear(None), strength: Strength::Hard, positions };
        self.queue.push_back((self.pushed, all));
    }

    /// The oldest ones, `max` at most, and the last one's number in the queue.
    pub(super) fn next(&mut self, max: usize) -> (u64, Vec<Invalidation>) {
        let oldest = self.queue.iter().take(max);
        self.sending = oldest.clone().next_back().map_or(self.sending, |(number, _)| *number);
        (self.sending, oldest.map(|(_, invalidation)| invalidation.clone()).collect())
    }

    /// Those up to the one with this number were sent.
    pub(super) fn sent(&mut self, last: u64) {
        while self.queue.front().is_some_and(|(number, _)| *number <= last) {
            self.queue.pop_front();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forebay_scope::{Positions, Tag};

    #[test]
    fn overflow_becomes_an_invalidation_of_everything() {
        let mut outbox = Outbox::new(2);
        for id in 0..3 {
            let target = Target::Tag(Tag::of("user", id));
            outbox.push(Invalidation { target, strength: Strength::Soft, positions: Positions::default() });
        }
        assert_eq!(outbox.len(), 1);
        let (_, left) = outbox.next(8);
        assert_eq!((&left[0].target, left[0].strength), (&Target::Clear(None), Strength::Hard));
    }
}
