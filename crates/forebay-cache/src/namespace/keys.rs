use crate::guards::{self, Guard};
use bytes::Bytes;
use forebay_scope::Positions;
use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasher,
};

/// The newest invalidations of single keys, at most `capacity` of them; the oldest goes first.
///
/// In memory a key's invalidation removes the entry itself. This table is for what memory cannot see: a remote
/// tier that still answers with the old entry because its tombstone is not there yet, and a standby that has not
/// replayed the write. What it forgets raises the floor of the keys that share a stripe, so it fails closed.
#[derive(Debug)]
pub(crate) struct KeyTable {
    marks: HashMap<Bytes, Mark, foldhash::fast::RandomState>,
    /// Keys in the order they were first marked.
    order: VecDeque<Bytes>,
    capacity: usize,
    /// By stripe of keys: no forgotten key was invalidated after this number of the chain.
    floors: Box<[u64]>,
    /// The positions of forgotten keys, which then concern every key.
    positions_floor: Positions,
}

#[derive(Debug, Default)]
struct Mark {
    number: u64,
    positions: Positions,
}

impl KeyTable {
    /// Enough that a forgotten key makes few others look invalidated.
    const STRIPES: usize = 4096;

    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            marks: HashMap::default(),
            order: VecDeque::new(),
            capacity,
            floors: vec![0; Self::STRIPES].into(),
            positions_floor: Positions::default(),
        }
    }

    /// `key` was invalidated, in place `number` of the chain if it has one, for a write at `positions`.
    pub(crate) fn invalidated(&mut self, key: &Bytes, number: Option<u64>, positions: &Positions) {
        if !self.marks.contains_key(key) {
            if self.order.len() >= self.capacity {
                self.forget_oldest();
            }
            self.order.push_back(key.clone());
        }
        let mark = self.marks.entry(key.clone()).or_default();
        mark.number = mark.number.max(number.unwrap_or(0));
        mark.positions.merge_all(positions);
    }

    /// The newest invalidation of `key`, or a number that is not below it.
    pub(crate) fn number(&self, key: &[u8]) -> u64 {
        let floor = self.floors[self.stripe(key)];
        self.marks.get(key).map_or(floor, |mark| mark.number.max(floor))
    }

    /// What a load of `key` must have reached.
    pub(crate) fn required(&self, key: &[u8], into: &mut Positions) {
        into.merge_all(&self.positions_floor);
        if let Some(mark) = self.marks.get(key) {
            into.merge_all(&mark.positions);
        }
    }

    /// The chain's numbers started anew: those remembered mean nothing any more.
    pub(crate) fn forget_chain(&mut self) {
        self.floors.fill(0);
        for mark in self.marks.values_mut() {
            mark.number = 0;
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.order.pop_front() else { return };
        let Some(mark) = self.marks.remove(&oldest) else { return };
        let stripe = self.stripe(&oldest);
        if guards::holds(Guard::Floors) {
            self.floors[stripe] = self.floors[stripe].max(mark.number);
        }
        self.positions_floor.merge_all(&mark.positions);
    }

    fn stripe(&self, key: &[u8]) -> usize {
        self.marks.hasher().hash_one(key) as usize % Self::STRIPES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_key_still_counts_as_invalidated() {
        let mut table = KeyTable::new(1);
        table.invalidated(&Bytes::from_static(b"a"), Some(7), &Positions::default());
        table.invalidated(&Bytes::from_static(b"b"), Some(8), &Positions::default());
        assert_eq!(table.number(b"a"), 7, "its stripe remembers");
        assert_eq!(table.number(b"b"), 8);
    }
}
