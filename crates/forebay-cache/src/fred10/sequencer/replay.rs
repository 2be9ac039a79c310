use super::lineage::{Fate, Lineage};
use crate::{Event, Mark};

/// What a node that followed the chain up to a mark can conclude from its present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The events from the mark to the end are there and linked without a gap.
    Complete,
    /// Some events are no longer kept, or the chain was started anew since.
    Trimmed,
    /// The chain never held what the node knows: the server lost its newest writes and hands their numbers out again.
    Forked,
}

/// Judges a chain of this `lineage` that ends at `end` and gave `events` (from the mark's own number on, oldest first).
pub(super) fn judge(mark: Mark, end: Mark, lineage: &Lineage, events: &[Event]) -> Verdict {
    if generation(end.stamp.epoch) < generation(mark.stamp.epoch) {
        return Verdict::Forked;
    }
    if end.stamp.epoch != mark.stamp.epoch {
        match lineage.fate(mark.stamp) {
            Fate::GoesOn => {}
            Fate::Over => return Verdict::Trimmed,
            Fate::Lost => return Verdict::Forked,
        }
    }
    if end.stamp.number < mark.stamp.number {
        return Verdict::Forked;
    }
    let mut at = mark;
    for event in events {
        if event.stamp.number == mark.stamp.number {
            if event.stamp != mark.stamp || event.link != mark.link {
                return Verdict::Forked;
            }
            continue;
        }
        if event.stamp.number != at.stamp.number + 1 {
            return Verdict::Trimmed;
        }
        if event.previous != at.link || event.stamp.epoch < at.stamp.epoch {
            return Verdict::Forked;
        }
        at = Mark { stamp: event.stamp, link: event.link };
    }
    match at.stamp.number == end.stamp.number {
        true if at.link == end.link => Verdict::Complete,
        true => Verdict::Forked,
        false => Verdict::Trimmed,
    }
}

/// The part of an epoch that grows; the rest of it is random.
pub(super) const fn generation(epoch: u64) -> u64 {
    epoch >> 24
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Invalidation, Stamp, Strength, Target};
    use forebay_scope::Positions;

    const EPOCH: u64 = 7 << 24;

    fn mark(number: u64) -> Mark {
        Mark { stamp: Stamp { epoch: EPOCH, number }, link: number * 100 }
    }

    fn event(number: u64) -> Event {
        let invalidation = Invalidation {
            target: Target::Clear(None),
            strength: Strength::Soft,
            positions: Positions::default(),
        };
        Event { stamp: mark(number).stamp, link: number * 100, previous: (number - 1) * 100, invalidation }
    }

    fn judged(from: u64, end: u64, events: impl IntoIterator<Item = u64>) -> Verdict {
        let events: Vec<_> = events.into_iter().map(event).collect();
        judge(mark(from), mark(end), &Lineage::default(), &events)
    }

    #[test]
    fn a_linked_chain_is_complete() {
        assert_eq!(judged(3, 3, [3]), Verdict::Complete);
        assert_eq!(judged(3, 3, []), Verdict::Complete);
        assert_eq!(judged(3, 6, [3, 4, 5, 6]), Verdict::Complete);
        assert_eq!(judged(3, 6, [4, 5, 6]), Verdict::Complete);
        assert_eq!(judged(0, 2, [1, 2]), Verdict::Complete);
    }

    #[test]
    fn a_missing_event_is_trimmed() {
        assert_eq!(judged(3, 6, [5, 6]), Verdict::Trimmed);
        assert_eq!(judged(3, 6, [4, 6]), Verdict::Trimmed);
        assert_eq!(judged(3, 6, [3, 4, 5]), Verdict::Trimmed);
        assert_eq!(judged(3, 6, []), Verdict::Trimmed);
        let later = Mark { stamp: Stamp { epoch: 8 << 24, number: 1 }, link: 1 };
        assert_eq!(judge(mark(3), later, &Lineage::default(), &[]), Verdict::Trimmed);
    }

    #[test]
    fn another_past_is_forked() {
        assert_eq!(judged(5, 3, []), Verdict::Forked);
        let earlier = Mark { stamp: Stamp { epoch: 6 << 24, number: 9 }, link: 1 };
        assert_eq!(judge(mark(3), earlier, &Lineage::default(), &[]), Verdict::Forked);
        let same_number = Mark { link: 1, ..mark(3) };
        assert_eq!(judge(mark(3), same_number, &Lineage::default(), &[]), Verdict::Forked);
        let other_own = Event { link: 1, ..event(3) };
        assert_eq!(judge(mark(3), mark(4), &Lineage::default(), &[other_own, event(4)]), Verdict::Forked);
        let other_past = Event { previous: 1, ..event(4) };
        assert_eq!(judge(mark(3), mark(4), &Lineage::default(), &[other_past]), Verdict::Forked);
    }
}
