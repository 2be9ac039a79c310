use super::{
    batch::Batch,
    load_many::Turn,
    loading::Loading,
    per_key::{Outcome, PerKey},
};
use crate::{CacheKey, ErrorKind, LoadError, LoadFailed, Loaded, StoredAs, load::Decided};
use forebay_scope::Scope;
use std::{collections::HashMap, time::Instant};

/// How the loads of a batch end.
impl<'a, K: CacheKey, V: Send + Sync + 'static> Batch<'a, K, V> {
    /// Ends the loads with what the loader returned for each.
    pub(super) fn land<R: StoredAs<V>>(
        &self,
        turn: Turn<'a, K, V>,
        called: Instant,
        asked: &mut PerKey<V>,
        loaded: impl IntoIterator<Item = (K, R)>,
    ) {
        let Turn { led, alone, mut observed } = turn;
        let mut results: HashMap<Box<[u8]>, R, foldhash::fast::RandomState> = HashMap::default();
        for (key, result) in loaded {
            results.entry(key.with_bytes(|bytes| bytes.into())).or_insert(result);
        }
        let mut result = |at: usize| {
            let result = self.keys[at].with_bytes(|bytes| results.remove(bytes));
            let loaded = || result.as_ref().map_or(Loaded::Absent, |result| result.loaded());
            if let Some(would) = observed.remove(&at) {
                self.cache.0.count_observed(&self.keys[at], would, loaded());
            }
            let error = result.as_ref().and_then(|result| result.error());
            (loaded(), self.cache.0.kind_of(error.map(LoadError::inline)))
        };
        let refreshable = self.found.is_none() && self.places.keep_in_tiers;
        let mut outgoing = Vec::new();
        for (at, loading) in led {
            let (loaded, kind) = result(at);
            let outcome = match loaded {
                Loaded::Value(value) => {
                    let found = self.found(at, &value);
                    outgoing.extend(loading.valued(&value, found, Decided::default(), refreshable).1);
                    Ok(Some(value))
                }
                Loaded::Absent => {
                    loading.absent(None);
                    Ok(None)
                }
                Loaded::Failed(failed) => {
                    loading.unsuccessful(kind, failed.clone());
                    self.failed(at, kind, failed)
                }
            };
            asked.resolve(at, outcome);
        }
        let inner = &self.cache.0;
        inner.fill_all(outgoing);
        for at in alone {
            let mut tags = self.declared(&self.keys[at]);
            let (loaded, kind) = result(at);
            inner.measured(&self.keys[at], called.elapsed(), !matches!(loaded, Loaded::Failed(_)));
            let outcome = match loaded {
                Loaded::Value(value) => {
                    tags.extend(self.found(at, &value));
                    inner.add_own_tags(&self.keys[at], &value, &mut tags);
                    Ok(Some(value))
                }
                Loaded::Absent => Ok(None),
                Loaded::Failed(failed) => self.failed(at, kind, failed),
            };
            Scope::with_current(|outer| outer.read(tags));
            asked.resolve(at, outcome);
        }
    }

    /// Ends the loads of all keys with one failure.
    pub(super) fn land_failed(
        &self,
        turn: Turn<'a, K, V>,
        called: Instant,
        asked: &mut PerKey<V>,
        kind: ErrorKind,
        failed: &LoadFailed,
    ) {
        let Turn { led, alone, observed } = turn;
        for (at, would) in observed {
            self.cache.0.count_observed(&self.keys[at], would, Loaded::Failed(failed.clone()));
        }
        for (at, loading) in led {
            loading.unsuccessful(kind, failed.clone());
            asked.resolve(at, self.failed(at, kind, failed.clone()));
        }
        for at in alone {
            self.cache.0.measured(&self.keys[at], called.elapsed(), false);
            asked.resolve(at, self.failed(at, kind, failed.clone()));
        }
    }

    /// Too many loads run already.
    pub(super) fn shed(&self, led: Vec<(usize, Loading<'a, K, V>)>, alone: &[usize], asked: &mut PerKey<V>) {
        for at in alone {
            asked.resolve(*at, self.stand_in(*at, LoadFailed::Busy));
        }
        for (at, loading) in led {
            loading.shed();
            asked.resolve(at, self.stand_in(at, LoadFailed::Busy));
        }
    }

    /// What comes of a key whose loader failed.
    fn failed(&self, at: usize, kind: ErrorKind, failed: LoadFailed) -> Outcome<V> {
        match kind {
            ErrorKind::NotFound => Ok(None),
            ErrorKind::Transient => self.stand_in(at, failed),
            ErrorKind::Fatal => Err(failed),
        }
    }

    /// A stale value in place of a load that failed, if there is one.
    pub(super) fn stand_in(&self, at: usize, failed: LoadFailed) -> Outcome<V> {
        self.cache.0.stand_in(&self.keys[at]).unwrap_or(Err(failed))
    }
}
