use forebay_scope::{Positions, Tag};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
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
    chain: Mutex<ChainNumber>,
}

/// The newest invalidation of a tag in the namespace's chain of numbers, which remote entries are stamped with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChainNumber {
    /// The number, or an upper bound of it.
    pub(crate) number: u64,
    /// Whether it is the number and not just a bound.
    pub(crate) exact: bool,
}

impl TagCell {
    fn new(floor: u64, chain: ChainNumber) -> Self {
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

    pub(crate) fn chain(&self) -> ChainNumber {
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An invalidation of this tag took `number`.
    pub(crate) fn numbered(&self, number: u64) {
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        // A bound stays a bound: what it covers may be newer than this event, when events come out of order.
        chain.number = chain.number.max(number);
    }

    /// The sequencer says the newest number is `number`.
    pub(crate) fn learned(&self, number: u64, asked_at: u64) {
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        if chain.exact {
            chain.number = chain.number.max(number);
        } else if chain.number <= asked_at {
            // Nothing was heard of it since the question was asked, so the answer replaces the bound.
            *chain = ChainNumber { number, exact: true };
        }
    }

    fn forget_chain(&self, bound: ChainNumber) {
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = bound;
    }
}

/// The tags this node has heard of, at most `capacity` of them.
///
/// An entry keeps its cells alive; only cells that no entry holds are given up when the table is full, and what
/// they knew becomes the floor of every cell made later. When all are held, tags share one cell: more misses,
/// never a stale value.
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
    /// The newest positions of invalidations, by tag; only those that had any.
    positions: HashMap<Tag, Positions, foldhash::fast::RandomState>,
    /// The positions of tags that were dropped from `positions`, which then concern every tag.
    positions_floor: Positions,
}

impl TagTable {
    pub(crate) fn new(capacity: usize) -> Self {
        let none = ChainNumber { number: 0, exact: false };
        Self {
            cells: HashMap::default(),
            capacity,
            floor: 0,
            chain_floor: 0,
            shared: Arc::new(TagCell::new(0, none)),
            shared_in_use: false,
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
            return self.shared.clone();
        }
        let bound = ChainNumber { number: self.chain_floor, exact: false };
        let cell = Arc::new(TagCell::new(self.floor, bound));
        self.cells.insert(tag.clone(), cell.clone());
        cell
    }

    /// Marks `tag` as invalidated by the local change `change`, in place `number` of the chain if it has one.
    pub(crate) fn invalidated(&mut self, tag: &Tag, change: u64, hard: bool, number: Option<u64>) {
        let cell = self.cell(tag);
        let shared = self.shared_in_use.then(|| self.shared.clone());
        for cell in std::iter::once(cell).chain(shared) {
            cell.invalidated(change, hard);
            if let Some(number) = number {
                cell.numbered(number);
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

    /// From here on nothing is known of the chain up to `number`.
    pub(crate) fn forget_chain(&mut self, number: u64) {
        self.chain_floor = number;
        let bound = ChainNumber { number, exact: false };
        self.shared.forget_chain(bound);
        for cell in self.cells.values() {
            cell.forget_chain(bound);
        }
    }

    fn make_room(&mut self) {
        let (mut floor, mut chain_floor) = (self.floor, self.chain_floor);
        self.cells.retain(|_, cell| {
            let held = Arc::strong_count(cell) > 1;
            if !held {
                floor = floor.max(cell.soft());
                chain_floor = chain_floor.max(cell.chain().number);
            }
            held
        });
        (self.floor, self.chain_floor) = (floor, chain_floor);
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
    fn an_answer_older_than_what_was_heard_meanwhile_does_not_replace_it() {
        let mut table = TagTable::new(4);
        table.forget_chain(100);
        let cell = table.cell(&Tag::named("a"));
        cell.numbered(103);
        cell.learned(7, 100);
        assert_eq!(cell.chain().number, 103);
        let quiet = table.cell(&Tag::named("b"));
        quiet.learned(7, 100);
        assert_eq!(quiet.chain().number, 7);
    }
}
