use super::{
    find_many::Wanted, handle::Cache, inner::note_read, load_many::Many, loading::Loading, per_key::PerKey,
    places::Places, plan::Plan,
};
use crate::{CacheKey, Reached, StoredAs, memory::Verdict};
use forebay_scope::Tag;
use std::{fmt, sync::Arc, time::Duration};

/// Gives the tags of one key of a batch.
pub(super) type TagsOfKey<'a, K> = Box<dyn Fn(&K, &mut Vec<Tag>) + Send + Sync + 'a>;

/// Gives the tags of one value of a batch.
pub(super) type TagsOfValue<'a, K, V> = Box<dyn Fn(&K, &V, &mut Vec<Tag>) + Send + Sync + 'a>;

/// One call for several keys, with options; made by [`Cache::entries`].
#[must_use = "nothing happens until `get` or `get_or_load` is called and awaited"]
pub struct Batch<'a, K, V> {
    pub(super) cache: &'a Cache<K, V>,
    pub(super) keys: &'a [K],
    pub(super) ttl: Option<Duration>,
    pub(super) places: Places,
    pub(super) declared: Option<TagsOfKey<'a, K>>,
    pub(super) found: Option<TagsOfValue<'a, K, V>>,
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// One call for several keys with options: a ttl, tags, places.
    pub fn entries<'a>(&'a self, keys: &'a [K]) -> Batch<'a, K, V> {
        Batch { cache: self, keys, ttl: None, places: Places::ALL, declared: None, found: None }
    }

    /// [`get`](Self::get) for several keys, in the order asked. What memory does not have is asked of each remote tier in
    /// one round trip, nearest first, as long as something is missing. Cancel safe.
    pub async fn get_many(&self, keys: &[K]) -> Vec<Option<Arc<V>>> {
        self.entries(keys).get().await
    }

    /// [`get_or_load`](Self::get_or_load) for several keys; see [`Batch::get_or_load`].
    pub async fn get_or_load_many<I, R, E, F>(&self, keys: &[K], load: impl FnMut(Vec<K>) -> F) -> Many<V, E>
    where
        F: Future<Output = Result<I, E>>,
        I: IntoIterator<Item = (K, R)>,
        R: StoredAs<V>,
        E: fmt::Display + 'static,
    {
        self.entries(keys).get_or_load(load).await
    }

    /// [`insert`](Self::insert) for several; they go to each remote tier in one round trip.
    pub async fn insert_many<T: Into<Arc<V>>>(&self, values: impl IntoIterator<Item = (K, T)>) {
        let put = |(key, value): (K, T)| self.put(&key, Plan::PLAIN, value.into());
        self.0.fill_all(values.into_iter().filter_map(put).collect());
    }

    /// [`invalidate`](Self::invalidate) for several keys, in one round trip. All of them hold on this node before the first
    /// is sent. Cancel safe: once polled all of them happen.
    pub async fn invalidate_many<'k>(&self, keys: impl IntoIterator<Item = &'k K>) -> Reached {
        self.invalidator().keys(keys).await
    }
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Batch<'a, K, V> {
    /// How long these values are fresh. Default: the cache's ttl.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Tags of each key, known before its value is; see [`Lookup::tags`](crate::Lookup::tags). Default: none.
    pub fn tags<I>(mut self, tags: impl Fn(&K) -> I + Send + Sync + 'a) -> Self
    where
        I: IntoIterator<Item = Tag>,
    {
        self.declared = Some(Box::new(move |key, into| into.extend(tags(key))));
        self
    }

    /// Tags known only from each value. Default: none.
    pub fn tags_from<I>(mut self, tags: impl Fn(&K, &V) -> I + Send + Sync + 'a) -> Self
    where
        I: IntoIterator<Item = Tag>,
    {
        self.found = Some(Box::new(move |key, value, into| into.extend(tags(key, value))));
        self
    }

    /// See [`Lookup::memory_only`](crate::Lookup::memory_only). Default: every tier of the namespace.
    pub fn memory_only(mut self) -> Self {
        self.places = self.places.memory_only();
        self
    }

    /// See [`Lookup::skip_memory`](crate::Lookup::skip_memory). Default: memory is used.
    pub fn skip_memory(mut self) -> Self {
        self.places = self.places.skip_memory();
        self
    }

    /// See [`Lookup::read_only`](crate::Lookup::read_only). Default: what is found is kept.
    pub fn read_only(mut self) -> Self {
        self.places = self.places.read_only();
        self
    }

    /// [`Cache::get_many`] with these options.
    pub async fn get(self) -> Vec<Option<Arc<V>>> {
        let Self { cache, places, .. } = self;
        let inner = &cache.0;
        let mut asked = PerKey::new(&self);
        if places.look_in_tiers && inner.has_tiers() && !asked.pending.is_empty() {
            let (mut loadings, mut looks) = (Vec::new(), Vec::new());
            for (at, bytes) in std::mem::take(&mut asked.pending) {
                let key = &self.keys[at];
                let lead = if places.keep_all() { inner.flights.try_lead(&bytes) } else { None };
                match lead {
                    Some(lead) => match inner.landed_meanwhile(key) {
                        Some(value) => asked.resolve(at, Ok(Some(value))),
                        None => loadings.push((at, Loading::begin(inner, lead, key, Vec::new(), None, true))),
                    },
                    // Whoever loads it may take long, which is not ours to wait for: it is looked for, and not kept.
                    None => {
                        let full_key = inner.full_key(key);
                        let start = inner.start(key, &full_key, &[], true);
                        looks.push((at, full_key, start));
                    }
                }
            }
            let mut wanted: Vec<Wanted<'_, K>> =
                loadings.iter().map(|(_, loading)| loading.wanted()).collect();
            wanted.extend(looks.iter().map(|(at, full_key, start)| Wanted {
                key: &self.keys[*at],
                full_key,
                start,
                promote: false,
            }));
            let mut found = inner.find_remote_many(&wanted).await.into_iter();
            drop(wanted);
            for ((at, loading), found) in loadings.into_iter().zip(found.by_ref()) {
                // A caller that waits for us with a loader leads when we found nothing.
                asked.resolve(at, Ok(loading.found(found).ok()));
            }
            for ((at, ..), found) in looks.into_iter().zip(found) {
                let fresh = found.filter(|found| found.verdict == Verdict::Fresh).map(|found| {
                    note_read(&found.life);
                    found.value
                });
                let landed =
                    || places.look_in_memory.then(|| inner.landed_meanwhile(&self.keys[at])).flatten();
                asked.resolve(at, Ok(fresh.or_else(landed)));
            }
        }
        asked.finish().into_iter().map(|outcome| outcome.ok().flatten()).collect()
    }
}

impl<K, V> fmt::Debug for Batch<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("cache", self.cache)
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}
