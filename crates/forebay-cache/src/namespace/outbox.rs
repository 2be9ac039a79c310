use crate::{Invalidation, Strength, Target};
use forebay_scope::Positions;
use std::collections::VecDeque;

/// Invalidations that wait for the sequencer to answer again, at most `max` of them.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<Invalidation>,
    max: usize,
}

impl Outbox {
    pub(super) const fn new(max: usize) -> Self {
        Self { queue: VecDeque::new(), max }
    }

    /// Adds an invalidation. When there is no room, one invalidation of everything takes the place of all: nothing is
    /// ever dropped silently.
    pub(super) fn push(&mut self, invalidation: Invalidation) {
        if self.queue.contains(&invalidation) {
            return;
        }
        if self.queue.len() < self.max {
            self.queue.push_back(invalidation);
            return;
        }
        let mut positions = Positions::default();
        for replaced in self.queue.drain(..).chain([invalidation]) {
            positions.merge_all(&replaced.positions);
        }
        let all = Invalidation { target: Target::Clear(None), strength: Strength::Hard, positions };
        self.queue.push_back(all);
    }

    /// The oldest one.
    pub(super) fn next(&self) -> Option<&Invalidation> {
        self.queue.front()
    }

    /// The oldest one was sent, if it still is `sent`.
    pub(super) fn sent(&mut self, sent: &Invalidation) {
        if self.queue.front() == Some(sent) {
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
    use forebay_scope::Tag;

    #[test]
    fn overflow_becomes_an_invalidation_of_everything() {
        let mut outbox = Outbox::new(2);
        for id in 0..3 {
            let target = Target::Tag(Tag::of("user", id));
            outbox.push(Invalidation { target, strength: Strength::Soft, positions: Positions::default() });
        }
        assert_eq!(outbox.len(), 1);
        let all = outbox.next().expect("one is left");
        assert_eq!((&all.target, all.strength), (&Target::Clear(None), Strength::Hard));
    }
}
