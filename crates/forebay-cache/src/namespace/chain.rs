use crate::{
    Event, Mark, Stamp,
    guards::{self, Guard},
};
use std::collections::{BTreeMap, VecDeque};

/// How far this node has followed the chain of invalidations, and whether it is still the same chain.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Everything up to here was applied; `None` until the node has joined.
    applied: Option<Mark>,
    /// The links of the newest applied numbers, oldest first, to tell a repeated event from a rewound chain.
    links: VecDeque<(u64, u64)>,
    /// Applied events beyond a gap: number → (previous, link).
    early: BTreeMap<u64, (u64, u64)>,
    /// The newest event heard of each epoch, oldest first.
    newest: VecDeque<Mark>,
    /// The epochs this one goes on from, oldest first, each with its last number.
    earlier: Vec<Stamp>,
    /// Events up to this number were heard before the node joined, so their numbers were not kept: what remote tiers
    /// hold cannot be judged before the chain was followed up to here.
    owed: u64,
}

/// What an event is to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It was applied before.
    Known,
    /// New, and nothing is missing before it.
    Next,
    /// New, and something before it was not heard.
    Early,
    /// It does not fit to what was heard before: ask what was missed.
    Broken,
}

impl Chain {
    /// How many links, and how many events beyond a gap, are remembered.
    const REMEMBERED: usize = 1024;
    /// Epochs that are remembered: more than the scripts of Redis remember to go on from.
    const EPOCHS: usize = 16;

    /// A node that has not joined.
    pub(crate) const fn unjoined() -> Self {
        Self {
            applied: None,
            links: VecDeque::new(),
            early: BTreeMap::new(),
            newest: VecDeque::new(),
            earlier: Vec::new(),
            owed: 0,
        }
    }

    /// A node that stands at `mark`.
    pub(crate) fn at(mark: Mark) -> Self {
        let mut chain = Self::unjoined();
        chain.advance(mark);
        chain
    }

    pub(crate) const fn applied(&self) -> Option<Mark> {
        self.applied
    }

    /// This node stands at `end` of a chain that goes on from `earlier` epochs, and forgot what it knew of numbers.
    pub(crate) fn rejoin(&mut self, end: Mark, earlier: &[Stamp]) {
        let newest = std::mem::take(&mut self.newest);
        let owed = newest.iter().find(|heard| heard.stamp.epoch == end.stamp.epoch);
        let owed = owed.map_or(0, |heard| heard.stamp.number);
        *self = Self { newest, earlier: earlier.to_vec(), owed, ..Self::at(end) };
    }

    /// Whether a stamp counts numbers of this chain: of its epoch, or of one it goes on from.
    pub(crate) fn counts(&self, stamp: Stamp) -> bool {
        self.applied.is_some_and(|at| at.stamp.epoch == stamp.epoch) || goes_on_from(&self.earlier, stamp)
    }

    /// What this node heard of that a chain lost which goes on from `earlier` epochs: it must not go on, then.
    pub(crate) fn lost_by(&self, earlier: &[Stamp]) -> Option<Mark> {
        let lost = |heard: &&Mark| {
            let last = earlier.iter().find(|last| last.epoch == heard.stamp.epoch);
            last.is_some_and(|last| last.number < heard.stamp.number)
        };
        self.newest.iter().find(lost).copied()
    }

    /// The stamp of a load that begins now; `None` while what remote tiers hold cannot be judged.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let applied = self.applied?;
        (applied.stamp.number >= self.owed).then_some(applied.stamp)
    }

    /// Whether an event beyond a gap was heard.
    pub(crate) fn has_gap(&self) -> bool {
        !self.early.is_empty()
    }

    /// Takes note of an event, whose effects are applied unless it is [`Heard::Known`].
    pub(crate) fn hear(&mut self, event: &Event) -> Heard {
        let Event { stamp, link, previous, .. } = *event;
        self.note(Mark { stamp, link });
        let Some(applied) = self.applied else { return Heard::Early };
        if stamp.epoch < applied.stamp.epoch {
            return if self.lost_by(&self.earlier).is_some() { Heard::Broken } else { Heard::Known };
        }
        if stamp.epoch > applied.stamp.epoch {
            return self.hear_of_new_epoch(event, applied);
        }
        if stamp.number <= applied.stamp.number {
            // Too old to compare is as good as another link: the replay tells.
            return if fits(self.link_of(stamp.number), Some(link)) { Heard::Known } else { Heard::Broken };
        }
        if let Some((_, known)) = self.early.get(&stamp.number) {
            return if fits(*known, link) { Heard::Known } else { Heard::Broken };
        }
        if stamp.number > applied.stamp.number + 1 {
            if self.early.len() >= Self::REMEMBERED {
                return Heard::Broken;
            }
            self.early.insert(stamp.number, (previous, link));
            return Heard::Early;
        }
        if !fits(previous, applied.link) {
            return Heard::Broken;
        }
        self.advance(Mark { stamp, link });
        self.close_gap()
    }

    /// Whether a heartbeat shows that something was missed, or that the chain is another one.
    pub(crate) fn differs_from(&self, end: Mark) -> bool {
        self.applied.is_none_or(|at| at.stamp != end.stamp || !fits(at.link, end.link))
    }

    fn note(&mut self, heard: Mark) {
        match self.newest.iter_mut().find(|newest| newest.stamp.epoch == heard.stamp.epoch) {
            Some(newest) if newest.stamp < heard.stamp => *newest = heard,
            Some(_) => {}
            None => {
                if self.newest.len() >= Self::EPOCHS {
                    self.newest.pop_front();
                }
                self.newest.push_back(heard);
            }
        }
    }

    /// A new epoch that begins where this node stands goes on; any other is another chain.
    fn hear_of_new_epoch(&mut self, event: &Event, applied: Mark) -> Heard {
        let Event { stamp, link, previous, .. } = *event;
        let mut earlier = self.earlier.clone();
        earlier.push(applied.stamp);
        let follows = stamp.number == applied.stamp.number + 1 && fits(previous, applied.link);
        if !follows || self.lost_by(&earlier).is_some() {
            return Heard::Broken;
        }
        // What is older is a miss.
        earlier.drain(..earlier.len().saturating_sub(Self::EPOCHS));
        self.early.clear();
        self.earlier = earlier;
        self.advance(Mark { stamp, link });
        Heard::Next
    }

    /// Everything up to `end` of a chain that goes on from `earlier` epochs was applied, by replay.
    pub(crate) fn replayed_to(&mut self, end: Mark, earlier: &[Stamp]) {
        if self.applied.is_none_or(|applied| applied.stamp < end.stamp) {
            self.advance(end);
            self.earlier = earlier.to_vec();
        }
        self.early.retain(|number, _| *number > end.stamp.number);
        // What does not fit now is found by the next heartbeat.
        self.close_gap();
    }

    fn close_gap(&mut self) -> Heard {
        while let Some(applied) = self.applied
            && let Some(entry) = self.early.first_entry()
            && *entry.key() == applied.stamp.number + 1
        {
            let (number, (previous, link)) = entry.remove_entry();
            if !fits(previous, applied.link) {
                return Heard::Broken;
            }
            self.advance(Mark { stamp: Stamp { number, ..applied.stamp }, link });
        }
        Heard::Next
    }

    fn advance(&mut self, mark: Mark) {
        self.applied = Some(mark);
        if self.links.len() >= Self::REMEMBERED {
            self.links.pop_front();
        }
        self.links.push_back((mark.stamp.number, mark.link));
    }

    fn link_of(&self, number: u64) -> Option<u64> {
        let at = self.links.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(self.links[at].1)
    }
}

/// Whether a chain that goes on from `earlier` epochs has what `stamp` counts.
pub(crate) fn goes_on_from(earlier: &[Stamp], stamp: Stamp) -> bool {
    earlier.iter().any(|last| last.epoch == stamp.epoch && stamp.number <= last.number)
}

/// Whether two links are the same, as long as anybody asks.
fn fits<L: Copy + PartialEq>(link: L, other: L) -> bool {
    link == other || !guards::holds(Guard::Links)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Invalidation, Strength, Target};
    use forebay_scope::Positions;

    fn event(epoch: u64, number: u64, previous: u64, link: u64) -> Event {
        let invalidation = Invalidation {
            target: Target::Clear(None),
            strength: Strength::Hard,
            positions: Positions::default(),
        };
        Event { stamp: Stamp { epoch, number }, link, previous, invalidation }
    }

    fn joined() -> Chain {
        Chain::at(Mark { stamp: Stamp { epoch: 1, number: 10 }, link: 100 })
    }

    fn number(chain: &Chain) -> u64 {
        chain.applied().expect("joined").stamp.number
    }

    #[test]
    fn events_out_of_order_close_their_gap() {
        let mut chain = joined();
        assert_eq!(chain.hear(&event(1, 12, 101, 102)), Heard::Early);
        assert_eq!((number(&chain), chain.has_gap()), (10, true));
        assert_eq!(chain.hear(&event(1, 11, 100, 101)), Heard::Next);
        assert_eq!((number(&chain), chain.has_gap()), (12, false));
        assert_eq!(chain.hear(&event(1, 12, 101, 102)), Heard::Known);
    }

    #[test]
    fn a_number_handed_out_twice_breaks_the_chain() {
        let mut chain = joined();
        assert_eq!(chain.hear(&event(1, 11, 100, 101)), Heard::Next);
        assert_eq!(chain.hear(&event(1, 11, 100, 999)), Heard::Broken);
        assert_eq!(chain.hear(&event(1, 12, 999, 102)), Heard::Broken);
    }

    #[test]
    fn a_later_epoch_of_another_chain_breaks_it_and_an_earlier_one_is_old_news() {
        let mut chain = joined();
        assert_eq!(chain.hear(&event(2, 11, 999, 101)), Heard::Broken);
        assert_eq!(chain.hear(&event(2, 12, 100, 101)), Heard::Broken);
        assert_eq!(chain.hear(&event(0, 11, 100, 101)), Heard::Known);
    }

    #[test]
    fn a_node_that_joins_behind_what_it_heard_trusts_no_remote_tier_until_it_caught_up() {
        let mut chain = Chain::unjoined();
        assert_eq!(chain.hear(&event(1, 11, 100, 101)), Heard::Early);
        chain.rejoin(Mark { stamp: Stamp { epoch: 1, number: 10 }, link: 100 }, &[]);
        assert_eq!(chain.stamp(), None);
        assert_eq!(chain.hear(&event(1, 11, 100, 101)), Heard::Next);
        assert!(chain.stamp().is_some());
    }

    #[test]
    fn an_epoch_that_begins_where_the_node_stands_goes_on() {
        let mut chain = joined();
        assert_eq!(chain.hear(&event(1, 11, 100, 101)), Heard::Next);
        assert_eq!(chain.hear(&event(2, 12, 101, 102)), Heard::Next);
        assert_eq!(number(&chain), 12);
        assert!(chain.counts(Stamp { epoch: 1, number: 11 }));
        assert!(!chain.counts(Stamp { epoch: 1, number: 12 }), "this one was lost");
        assert!(chain.counts(Stamp { epoch: 2, number: 99 }));
    }

    #[test]
    fn epochs_that_ended_long_ago_do_not_count() {
        let mut chain = joined();
        for epoch in 2..=40 {
            let number = 9 + epoch;
            assert_eq!(chain.hear(&event(epoch, number, number + 89, number + 90)), Heard::Next);
        }
        let counted =
            (1..=40).filter(|epoch| chain.counts(Stamp { epoch: *epoch, number: 9 + epoch })).count();
        assert_eq!(counted, Chain::EPOCHS + 1);
        assert!(!chain.counts(Stamp { epoch: 1, number: 10 }));
    }

    #[test]
    fn an_epoch_does_not_go_on_without_what_was_heard() {
        let mut chain = joined();
        assert_eq!(chain.hear(&event(1, 12, 101, 102)), Heard::Early);
        assert_eq!(chain.hear(&event(2, 11, 100, 111)), Heard::Broken);
        let earlier = [Stamp { epoch: 1, number: 10 }];
        assert_eq!(chain.lost_by(&earlier).map(|lost| lost.link), Some(102));
        assert_eq!(chain.lost_by(&[Stamp { epoch: 1, number: 12 }]), None);
    }

    #[test]
    fn a_lost_number_that_comes_late_breaks_the_chain() {
        let mut chain = joined();
        assert_eq!(chain.hear(&event(2, 11, 100, 111)), Heard::Next);
        assert_eq!(chain.hear(&event(1, 10, 99, 100)), Heard::Known);
        assert_eq!(chain.hear(&event(1, 11, 100, 101)), Heard::Broken);
    }

    #[test]
    fn a_replay_never_moves_a_node_back() {
        let mut chain = joined();
        chain.replayed_to(Mark { stamp: Stamp { epoch: 1, number: 9 }, link: 99 }, &[]);
        assert_eq!(number(&chain), 10);
    }
}
