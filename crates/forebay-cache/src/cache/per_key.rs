use super::batch::Batch;
use crate::{CacheKey, LoadFailed};
use std::{collections::HashMap, sync::Arc};

/// What became of one key: its value, the knowledge that there is none, or a failed load.
pub(super) type Outcome<V> = Result<Option<Arc<V>>, LoadFailed>;

/// The keys of a batch, each worked on once, and what became of them.
pub(super) struct PerKey<V> {
    outcomes: Vec<Option<Outcome<V>>>,
    /// Keys given again: where, and where first.
    repeated: Vec<(usize, usize)>,
    /// Those without an outcome: where, and the key's bytes.
    pub(super) pending: Vec<(usize, Box<[u8]>)>,
}

impl<V: Send + Sync + 'static> PerKey<V> {
    /// Takes what memory has.
    pub(super) fn new<K: CacheKey>(batch: &Batch<'_, K, V>) -> Self {
        let Batch { cache, keys, places, .. } = batch;
        let mut this =
            Self { outcomes: Vec::with_capacity(keys.len()), repeated: Vec::new(), pending: Vec::new() };
        let mut first: HashMap<Box<[u8]>, usize, foldhash::fast::RandomState> = HashMap::default();
        for (at, key) in keys.iter().enumerate() {
            let hit = places.look_in_memory.then(|| cache.hit(key)).flatten();
            if hit.is_none() {
                let bytes: Box<[u8]> = key.with_bytes(|bytes| bytes.into());
                match first.get(&bytes) {
                    Some(first) => this.repeated.push((at, *first)),
                    None => {
                        first.insert(bytes.clone(), at);
                        this.pending.push((at, bytes));
                    }
                }
            }
            this.outcomes.push(hit.map(|value| Ok(Some(value))));
        }
        cache.0.meters.misses.increment(this.pending.len() as u64);
        this
    }

    pub(super) fn resolve(&mut self, at: usize, outcome: Outcome<V>) {
        self.outcomes[at] = Some(outcome);
    }

    /// The outcomes in the order asked; a key without one has no value.
    pub(super) fn finish(mut self) -> Vec<Outcome<V>> {
        for (at, first) in self.repeated {
            self.outcomes[at] = self.outcomes[first].clone();
        }
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or(Ok(None))).collect()
    }
}
