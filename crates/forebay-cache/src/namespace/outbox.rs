use crate::{Invalidation, Strength, Target};
use std::collections::VecDeque;

/// Invalidations that wait for the sequencer to answer again, at most `max` of them.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Numbered, so that what was sent is told from an equal one that came later.
    queue: VecDeque<(u64, Invalidation)>,
    pushed: u64,
    max: usize,
}

impl Outbox {
    pub(super) const fn new(max: usize) -> Self {
        Self { queue: VecDeque::new(), pushed: 0, max }
    }

    /// Adds an invalidation. When there is no room, one invalidation of everything takes the place of all: nothing is
    /// ever dropped silently.
    pub(super) fn push(&mut self, invalidation: Invalidation) {
        // The oldest one may have its number already, and then does not reach loads that began since.
        if self.queue.iter().skip(1).any(|(_, waiting)| *waiting == invalidation) {
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

    /// The oldest one, and its number in the queue.
    pub(super) fn next(&self) -> Option<&(u64, Invalidation)> {
        self.queue.front()
    }

    /// The one with this number was sent.
    pub(super) fn sent(&mut self, number: u64) {
        if self.queue.front().is_some_and(|(front, _)| *front == number) {
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
        let (_, all) = outbox.next().expect("one is left");
        assert_eq!((&all.target, all.strength), (&Target::Clear(None), Strength::Hard));
    }
}
