use super::{
    bound::Bound,
    chain::{Chain, Heard, goes_on_from},
    clears::Clears,
    keys::KeyTable,
    tags::{TagCell, TagTable},
};
use crate::{
    Event, Invalidation, Mark, Missed, Newest, Stamp, Strength, Target,
    guards::{self, Guard},
    pattern::Patterns,
};
use forebay_scope::{Positions, Tag};
use std::sync::Arc;

/// Everything a node remembers of the invalidations of a namespace, behind one lock that only misses and
/// invalidations take.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// How many invalidations of tags and clears this node has applied; the atomic copy that hits read follows it.
    pub(crate) changes: u64,
    pub(crate) chain: Chain,
    /// How many events did not fit to the chain as this node knows it.
    breaks: u64,
    /// After how many of them it asked last what had happened. In between its numbers may be those of a chain that is over,
    /// and tell nothing of remote tiers.
    mended: u64,
    /// Up to this number of the chain, invalidations of keys are known to the sequencer alone.
    joined_at: u64,
    tags: TagTable,
    keys: KeyTable,
    clears: Clears,
    /// Changed only under this ledger's lock, and read without it.
    patterns: Arc<Patterns>,
    /// The newest positions of all invalidations: what a load must have reached whose tags are not known before.
    positions: Positions,
    /// The positions that concern every load: of clears, and of invalidations this node did not hear.
    common_positions: Positions,
}

/// Whether an entry found in a remote tier may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    Valid,
    Invalid,
    /// The sequencer has to be asked; this node had applied everything up to `asked_at`.
    Ask {
        asked_at: u64,
    },
}

impl Ledger {
    pub(crate) fn new(chain: Chain, tags: usize, keys: usize, patterns: Arc<Patterns>) -> Self {
        Self {
            changes: 0,
            chain,
            breaks: 0,
            mended: 0,
            joined_at: 0,
            tags: TagTable::new(tags),
            keys: KeyTable::new(keys),
            clears: Clears::new(),
            patterns,
            positions: Positions::default(),
            common_positions: Positions::default(),
        }
    }

    /// The stamp of a load that begins now; `None` while what remote tiers hold cannot be judged.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.chain.stamp().filter(|_| self.breaks == self.mended)
    }

    /// How far the chain was followed, and how often it broke so far: what a question about what was missed begins with.
    pub(crate) const fn asking(&self) -> (Option<Mark>, u64) {
        (self.chain.applied(), self.breaks)
    }

    /// Takes note of an event, and applies it unless it is known, or in any case when it is this node's own (`own`). What it
    /// was, and the new count if it was applied.
    pub(crate) fn hear(&mut self, event: &Event, own: bool) -> (Heard, Option<u64>) {
        let Event { stamp, invalidation, .. } = event;
        let heard = self.chain.hear(event);
        self.breaks += u64::from(heard == Heard::Broken);
        // Of another chain, such as one that is over: it still happened, but its number means nothing beside those of this one.
        let foreign = self.chain.applied().is_some() && !self.chain.counts(*stamp);
        let number = (!foreign).then_some(stamp.number);
        let applies = own || foreign || heard != Heard::Known;
        (heard, applies.then(|| self.apply(invalidation, number)))
    }

    /// Everything that was `missed` was applied, which was asked for after so many `breaks`.
    pub(crate) fn replayed_to(&mut self, missed: &Missed, breaks: u64) {
        self.chain.replayed_to(missed.end, &missed.earlier);
        self.mended = breaks;
    }

    /// Applies an invalidation, which has place `number` in the chain once it has one. Returns the new count.
    pub(crate) fn apply(&mut self, invalidation: &Invalidation, number: Option<u64>) -> u64 {
        let Invalidation { target, strength, positions } = invalidation;
        match target {
            // Memory removes the key's own entry and ends its flight, so other entries need not be looked at.
            Target::Key(key) => self.keys.invalidated(key, number, positions),
            Target::Tag(tag) => {
                self.changes += 1;
                self.tags.invalidated(tag, self.changes, *strength == Strength::Hard, number);
                self.tags.require(tag, positions);
            }
            Target::Pattern { cache, pattern } => {
                self.changes += 1;
                let target = (cache.as_deref(), pattern);
                self.patterns.invalidated(target, invalidation, self.changes, number);
            }
            Target::Clear(cache) => {
                self.changes += 1;
                if let Some(number) = number {
                    self.clears.invalidated(cache.as_deref(), number);
                }
                self.common_positions.merge_all(positions);
            }
        }
        self.positions.merge_all(positions);
        self.changes
    }

    /// This node stands where the chain ended when it asked, after so many `breaks`, and knows no more of what happened
    /// before than it `missed`. Returns the new count.
    pub(crate) fn rejoin(&mut self, missed: &Missed, breaks: u64) -> u64 {
        let Missed { end, earlier, positions, patterns, .. } = missed;
        let end = *end;
        let went_on = |at: Mark| at.stamp.epoch == end.stamp.epoch || goes_on_from(earlier, at.stamp);
        let same_chain = self.chain.applied().is_some_and(went_on);
        self.chain.rejoin(end, earlier);
        self.mended = breaks;
        self.joined_at = end.stamp.number;
        self.tags.forget_chain(end.stamp.number);
        self.clears.forget_chain(end.stamp.number);
        self.patterns.rejoin(patterns);
        if !same_chain {
            self.keys.forget_chain();
        }
        self.positions.merge_all(positions);
        self.common_positions.merge_all(positions);
        self.changes += 1;
        self.changes
    }

    /// The cells of `tags`, each once.
    pub(crate) fn cells(&mut self, tags: &[Tag]) -> Vec<Arc<TagCell>> {
        let mut cells: Vec<Arc<TagCell>> = Vec::with_capacity(tags.len());
        for tag in tags {
            let cell = self.tags.cell(tag);
            if !cells.iter().any(|known| Arc::ptr_eq(known, &cell)) {
                cells.push(cell);
            }
        }
        cells
    }

    /// What a load of `key` must have reached: what concerns the key and its declared tags, or everything in
    /// the namespace when none are declared or the value may bring others (`open`).
    pub(crate) fn required(&self, key: &[u8], declared: &[Tag], open: bool) -> Positions {
        if self.requires_all(declared, open) {
            return self.positions.clone();
        }
        let mut required = self.common_positions.clone();
        self.keys.required(key, &mut required);
        self.required_by(declared, &mut required);
        required
    }

    /// Whether [`required`](Self::required) is everything there is.
    pub(crate) fn requires_all(&self, declared: &[Tag], open: bool) -> bool {
        open || declared.is_empty() || self.positions.is_empty()
    }

    /// What a load that depends on `tags` must have reached.
    pub(crate) fn required_by(&self, tags: &[Tag], into: &mut Positions) {
        for tag in tags {
            self.tags.required(tag, into);
        }
    }

    /// Judges an entry of `cache` that a remote tier holds under `key` (`cache:key`), given what the sequencer answered to
    /// a question asked at some number.
    pub(crate) fn judge(
        &mut self,
        cache: &str,
        key: &[u8],
        stamp: Stamp,
        tags: &[Tag],
        told: Option<(&Newest, u64)>,
    ) -> Judgement {
        let Some(applied) = self.stamp() else { return Judgement::Invalid };
        if !self.chain.counts(stamp) || stamp.number < self.keys.number(key) {
            return Judgement::Invalid;
        }
        let mut judgement = Judgement::Valid;
        if stamp.number < self.joined_at && guards::holds(Guard::Joined) {
            match told {
                Some((newest, asked_at)) if newest.epoch == applied.epoch && asked_at >= self.joined_at => {
                    if stamp.number < newest.key {
                        return Judgement::Invalid;
                    }
                }
                _ => judgement = Judgement::Ask { asked_at: applied.number },
            }
        }
        let clear = self.clears.of(cache);
        for bound in std::iter::once(clear).chain(tags.iter().map(|tag| self.tags.cell(tag).chain())) {
            if stamp.number < bound.number {
                if bound.exact {
                    return Judgement::Invalid;
                }
                judgement = Judgement::Ask { asked_at: applied.number };
            }
        }
        judgement
    }

    /// The newest invalidation of `key` (`cache:key`); before this node joined only the sequencer knew them.
    pub(super) fn key_bound(&self, key: &[u8]) -> Bound {
        let number = self.keys.number(key);
        if number >= self.joined_at { Bound::exactly(number) } else { Bound::at_most(self.joined_at) }
    }

    /// What hits every entry of `cache`.
    pub(super) fn floor_bound(&self, cache: &str) -> Bound {
        self.clears.of(cache)
    }

    /// The newest invalidation of `tag` in the chain.
    pub(super) fn tag_bound(&self, tag: &Tag) -> Bound {
        self.tags.newest(tag).1
    }

    /// The newest invalidation of `tag`, as this node counts.
    pub(super) fn newest_change(&self, tag: &Tag) -> u64 {
        self.tags.newest(tag).0
    }

    /// Takes note of what the sequencer answered to a question asked at `asked_at`.
    pub(crate) fn learn(&mut self, cache: &str, tags: &[Tag], newest: &Newest, asked_at: u64) {
        if self.chain.applied().is_none_or(|at| at.stamp.epoch != newest.epoch) {
            return;
        }
        self.clears.learned(cache, newest.floor, asked_at);
        for (tag, number) in tags.iter().zip(&newest.tags) {
            self.tags.learned(tag, *number, asked_at);
        }
    }
}
