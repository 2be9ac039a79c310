use super::{backplane::Backplane, space::Namespace, tags::TagCell};
use crate::{
    CacheKey, Stamp,
    guards::{self, Guard},
    memory::Floors,
};
use forebay_scope::{Positions, Tag};
use std::sync::Arc;

/// What is known when a load begins.
#[derive(Debug)]
pub(crate) struct Start {
    /// The node's count of invalidations.
    pub(crate) change: u64,
    /// Where the node stands in the chain; `None` while remote tiers may not be trusted.
    pub(crate) stamp: Option<Stamp>,
    /// What the load must read.
    pub(crate) required: Positions,
    /// Whether that is all that any invalidation of the namespace stands for.
    pub(crate) requires_all: bool,
}

impl Namespace {
    /// Begins a load of `key`, in full `full_key` (`cache:key`), that declares some tags; `open` when its value may bring
    /// others.
    pub(crate) fn start(
        &self,
        key: (&str, &impl CacheKey),
        full_key: &[u8],
        declared: &[Tag],
        open: bool,
    ) -> Start {
        let mut start = {
            let ledger = self.ledger();
            let cut_off = self.0.backplane.as_ref().is_some_and(Backplane::is_cut_off);
            Start {
                change: ledger.changes,
                stamp: ledger.stamp().filter(|_| !cut_off),
                required: ledger.required(full_key, declared, open),
                requires_all: ledger.requires_all(declared, open),
            }
        };
        if !open {
            // A pattern that comes between the two hits this load anyway.
            self.0.patterns.required(key.0, || key.1.text(), &mut start.required);
        }
        if !guards::holds(Guard::Positions) {
            start.required = Positions::default();
        }
        start
    }

    /// What a load that depends on `tags` must have reached.
    pub(crate) fn positions_of(&self, tags: &[Tag]) -> Positions {
        let mut positions = Positions::default();
        if guards::holds(Guard::Positions) {
            self.ledger().required_by(tags, &mut positions);
        }
        positions
    }

    pub(crate) fn cells(&self, tags: &[Tag]) -> Vec<Arc<TagCell>> {
        if tags.is_empty() { Vec::new() } else { self.ledger().cells(tags) }
    }

    /// What of the namespace decides about entries of the cache `name` in memory.
    pub(crate) fn floors(&self, name: &str) -> Floors {
        Floors::new(name, self.0.patterns.clone())
    }
}
