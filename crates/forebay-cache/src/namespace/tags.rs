use super::bound::Bound;
use crate::guards::{self, Guard};
use forebay_scope::{Positions, Tag};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// What is known of one tag, shared by every entry that carries it.
#[derive(Debug)]
pub(crate) struct TagCell {
    /// The node-local number of the newest invalidation, soft or hard: an entry loaded before it is not valid.
    soft: AtomicU64,
    /// The same for hard ones: an entry loaded before it is not even a fallback.
    hard: AtomicU64,
    /// The newest invalidation in the namespace's chain of numbers, which remote entries are stamped with.
    chain: Mutex<Bound>,
}

impl TagCell {
    fn new(floor: u64, chain: Bound) -> Self {
        Self { soft: AtomicU64::new(floor), hard: AtomicU64::new(floor), chain: Mutex::new(chain) }
    }

    #[inline]
    pub(crate) fn soft(&self) -> u64 {
        self.soft.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn hard(&self) -> u64 {
        self.hard.load(Ordering::Acquire)
    }

    pub(crate) fn invalidated(&self, change: u64, hard: bool) {
        self.soft.fetch_max(change, Ordering::AcqRel);
        if hard {
            self.hard.fetch_max(change, Ordering::AcqRel);
        }
    }

    pub(crate) fn chain(&self) -> Bound {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Bound> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tags this node has heard of, at most `capacity` of them.
///
/// An entry keeps its cells alive; only cells that no entry holds are given up when the table is full, and what
/// they knew becomes the floor of every cell made later. When all are held, tags share one cell: more misses,
/// never a stale value. To look which are held takes a walk over all of them, so that is done for a part of the tags only
/// that find no room.
#[derive(Debug)]
pub(crate) struct TagTable {
    cells: HashMap<Tag, Arc<TagCell>, foldhash::fast::RandomState>,
    capacity: usize,
    /// No cell that was given up was invalidated after this local number.
    floor: u64,
    /// No tag without a cell was invalidated after this number of the chain.
    chain_floor: u64,
    /// Stands in for every tag that found no room.
    shared: Arc<TagCell>,
    shared_in_use: bool,
    /// So many more tags go without room before it is looked for again.
    patience: usize,
    /// The newest positions of invalidations, by tag; only those that had any.
    positions: HashMap<Tag, Positions, foldhash::fast::RandomState>,
    /// The positions of tags that were dropped from `positions`, which then concern every tag.
    positions_floor: Positions,
}

impl TagTable {
    /// A walk is made for every so many tags, as a part of the capacity: then a tag costs as many steps, whatever that is.
    const WALKS_PART: usize = 16;

    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            cells: HashMap::default(),
            capacity,
            floor: 0,
            chain_floor: 0,
            shared: Arc::new(TagCell::new(0, Bound::at_most(0))),
            shared_in_use: false,
            patience: 0,
            positions: HashMap::default(),
            positions_floor: Positions::default(),
        }
    }

    /// The cell of `tag`, made if need be.
    pub(crate) fn cell(&mut self, tag: &Tag) -> Arc<TagCell> {
        if let Some(cell) = self.cells.get(tag) {
            return cell.clone();
        }
        if self.cells.len() >= self.capacity {
            self.make_room();
        }
        if self.cells.len() >= self.capacity {
            self.shared_in_use = true;
            // The tag's own cell may be one of those that were given up.
            self.shared.invalidated(self.floor, true);
            self.shared.lock().numbered(self.chain_floor);
            return self.shared.clone();
        }
        let cell = Arc::new(TagCell::new(self.floor, Bound::at_most(self.chain_floor)));
        self.cells.insert(tag.clone(), cell.clone());
        cell
    }

    /// The newest invalidation of `tag`, as its cell would tell it, without making one: as this node counts, and in the
    /// chain.
    pub(crate) fn newest(&self, tag: &Tag) -> (u64, Bound) {
        match self.cells.get(tag) {
            Some(cell) => (cell.soft(), cell.chain()),
            None if self.shared_in_use => {
                let bound = self.shared.chain();
                (
                    self.shared.soft().max(self.floor),
                    Bound { number: bound.number.max(self.chain_floor), ..bound },
                )
            }
            None => (self.floor, Bound::at_most(self.chain_floor)),
        }
    }

    /// Marks `tag` as invalidated by the local change `change`, in place `number` of the chain if it has one.
    pub(crate) fn invalidated(&mut self, tag: &Tag, change: u64, hard: bool, number: Option<u64>) {
        let cell = self.cell(tag);
        if Arc::ptr_eq(&cell, &self.shared) {
            // The tag may find room for a cell of its own later.
            self.floor = self.floor.max(change);
            self.chain_floor = self.chain_floor.max(number.unwrap_or(0));
        }
        let shared = self.shared_in_use.then(|| self.shared.clone());
        for cell in std::iter::once(cell).chain(shared) {
            cell.invalidated(change, hard);
            if let Some(number) = number {
                cell.lock().numbered(number);
            }
        }
    }

    /// Remembers that reloads of `tag` must be read at or after `positions`.
    pub(crate) fn require(&mut self, tag: &Tag, positions: &Positions) {
        if positions.is_empty() {
            return;
        }
        if self.positions.len() >= self.capacity && !self.positions.contains_key(tag) {
            for (_, dropped) in self.positions.drain() {
                self.positions_floor.merge_all(&dropped);
            }
        }
        self.positions.entry(tag.clone()).or_default().merge_all(positions);
    }

    /// What a load of `tag` must have reached.
    pub(crate) fn required(&self, tag: &Tag, into: &mut Positions) {
        into.merge_all(&self.positions_floor);
        if let Some(positions) = self.positions.get(tag) {
            into.merge_all(positions);
        }
    }

    /// The sequencer says the newest number of `tag` is `number`; see [`Bound::learned`].
    pub(crate) fn learned(&mut self, tag: &Tag, number: u64, asked_at: u64) {
        // Only a cell of the tag's own: the shared one stands for tags that were not asked for.
        if let Some(cell) = self.cells.get(tag) {
            cell.lock().learned(number, asked_at);
        }
    }

    /// From here on nothing is known of the chain up to `number`.
    pub(crate) fn forget_chain(&mut self, number: u64) {
        self.chain_floor = number;
        for cell in self.cells.values().chain([&self.shared]) {
            *cell.lock() = Bound::at_most(number);
        }
    }

    /// Gives up the cells that nobody holds, unless the last walk found hardly any.
    fn make_room(&mut self) {
        if self.patience > 0 {
            self.patience -= 1;
            return;
        }
        let (mut floor, mut chain_floor) = (self.floor, self.chain_floor);
        self.cells.retain(|_, cell| {
            let held = Arc::strong_count(cell) > 1;
            if !held {
                floor = floor.max(cell.soft());
                chain_floor = chain_floor.max(cell.chain().number);
            }
            held
        });
        if guards::holds(Guard::Floors) {
            (self.floor, self.chain_floor) = (floor, chain_floor);
        }
        let worthwhile = self.capacity / Self::WALKS_PART;
        if self.capacity.saturating_sub(self.cells.len()) < worthwhile {
            self.patience = worthwhile;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_was_given_up_fails_closed() {
        let mut table = TagTable::new(2);
        table.invalidated(&Tag::named("a"), 1, true, Some(10));
        table.invalidated(&Tag::named("b"), 2, true, Some(11));
        // Full, and held by nobody: all go, and what comes later starts at what they knew.
        let c = table.cell(&Tag::named("c"));
        assert_eq!((c.soft(), c.hard(), c.chain().number), (2, 2, 11));
    }

    #[test]
    fn tags_without_room_share_a_cell_that_any_invalidation_marks() {
        let mut table = TagTable::new(1);
        let held = table.cell(&Tag::named("held"));
        let crowded = table.cell(&Tag::named("crowded"));
        table.invalidated(&Tag::named("held"), 5, false, None);
        assert_eq!((held.soft(), held.hard()), (5, 0));
        assert_eq!(crowded.soft(), 5, "it cannot tell whose invalidation it was");
    }

    #[test]
    fn a_cell_that_was_given_up_fails_closed_for_a_tag_that_shares() {
        let mut table = TagTable::new(2);
        table.invalidated(&Tag::named("gone"), 7, true, Some(70));
        let held = ["a", "b"].map(|name| table.cell(&Tag::named(name)));
        let gone = table.cell(&Tag::named("gone"));
        assert_eq!((gone.soft(), gone.hard(), gone.chain().number), (7, 7, 70));
        drop(held);
    }

    #[test]
    fn a_tag_that_shared_and_found_room_remembers() {
        let mut table = TagTable::new(1);
        let held = table.cell(&Tag::named("held"));
        table.invalidated(&Tag::named("crowded"), 5, true, Some(50));
        drop(held);
        let own = table.cell(&Tag::named("crowded"));
        assert_eq!((own.soft(), own.hard(), own.chain().number), (5, 5, 50));
    }

    #[test]
    fn an_answer_older_than_what_was_heard_meanwhile_does_not_replace_it() {
        let mut table = TagTable::new(4);
        table.forget_chain(100);
        let (a, b) = (Tag::named("a"), Tag::named("b"));
        table.invalidated(&a, 1, true, Some(103));
        table.learned(&a, 7, 100);
        assert_eq!(table.cell(&a).chain().number, 103);
        let quiet = table.cell(&b);
        table.learned(&b, 7, 100);
        assert_eq!((quiet.chain().number, quiet.chain().exact), (7, true));
    }

    #[test]
    fn a_table_full_of_held_tags_is_walked_for_few_of_those_that_find_no_room() {
        let mut table = TagTable::new(1600);
        let mut held: Vec<_> = (0..1600).map(|id| table.cell(&Tag::of("held", id))).collect();
        let shares =
            |table: &mut TagTable, id| Arc::ptr_eq(&table.cell(&Tag::of("later", id)), &table.shared.clone());
        assert!(shares(&mut table, 0), "looked for, and found none");
        held.truncate(1000);
        for id in 1..=100 {
            assert!(shares(&mut table, id), "not looked for again so soon");
        }
        assert!(!shares(&mut table, 101), "by now it was");
    }
}
