use super::{
    keys::KeyTable,
    tags::{TagCell, TagTable},
};
use crate::{Invalidation, Strength, Target};
use forebay_scope::{Positions, Tag};
use std::sync::Arc;

/// Everything a node remembers of the invalidations of a namespace, behind one lock that only misses and
/// invalidations take.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// How many invalidations of tags and clears this node has applied; the atomic copy that hits read follows it.
    pub(crate) changes: u64,
    pub(crate) tags: TagTable,
    pub(crate) keys: KeyTable,
    /// The newest positions of all invalidations: what a load without declared tags must have reached.
    positions: Positions,
    /// The positions of clears, which concern every load.
    clear_positions: Positions,
}

impl Ledger {
    pub(crate) fn new(tags: usize, keys: usize) -> Self {
        Self {
            changes: 0,
            tags: TagTable::new(tags),
            keys: KeyTable::new(keys),
            positions: Positions::default(),
            clear_positions: Positions::default(),
        }
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
            Target::Clear(_) => {
                self.changes += 1;
                self.clear_positions.merge_all(positions);
            }
        }
        self.positions.merge_all(positions);
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
    /// the namespace when none are declared.
    pub(crate) fn required(&self, key: &[u8], declared: &[Tag]) -> Positions {
        if declared.is_empty() {
            return self.positions.clone();
        }
        let mut required = self.clear_positions.clone();
        self.keys.required(key, &mut required);
        for tag in declared {
            self.tags.required(tag, &mut required);
        }
        required
    }
}
