use super::{builder::CacheBuilder, handle::Cache, inner::Inner, warm::Warming};
use crate::{CacheKey, KeyStore, heat::Saver};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

/// How often it is looked which keys were used.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Entries looked at before other tasks run.
const STEP: usize = 256;

impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    /// Keeps the `most` hottest keys of memory in `store` when the cache is shut down, to be
    /// [loaded again](Cache::warm_saved) by the next run of the program. Default: not at all.
    ///
    /// What is hot is looked at every 15 s, on a task that ends with the cache; hits pay nothing for it except that
    /// each entry's first one after a look judges the entry anew, as after an invalidation. [`build`](Self::build) must
    /// be called within a tokio runtime then.
    pub fn hot_keys(mut self, store: impl KeyStore, most: usize) -> Self
    where
        K: Serialize + DeserializeOwned,
    {
        self.hot = Some(Saver::new(Arc::new(store), most));
        self
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Keys of fresh entries in memory, hottest first, `most` at most. Without [`hot_keys`](CacheBuilder::hot_keys) they
    /// come in no order. Looks at every entry.
    #[must_use]
    pub fn hottest(&self, most: usize) -> Vec<K> {
        self.0.hottest(most)
    }

    /// Keeps the hottest keys now, as a shutdown does; returns how many.
    ///
    /// # Errors
    /// What the [store](CacheBuilder::hot_keys) said, or that there is none.
    pub async fn save_hot_keys(&self) -> io::Result<usize> {
        self.0.save_hot_keys().await
    }

    /// Loads the keys that were kept by an earlier run, hottest first; see [`warm`](Self::warm). Nothing when none were.
    ///
    /// # Errors
    /// What the [store](CacheBuilder::hot_keys) said, or that there is none, or that it held something else.
    pub async fn warm_saved(&self) -> io::Result<Warming<'_, K, V>> {
        let hot = self.0.hot.as_ref().ok_or_else(no_store)?;
        let store = hot.store.clone();
        let bytes = tokio::task::spawn_blocking(move || store.load()).await.map_err(io::Error::other)??;
        let keys = bytes.map_or_else(|| Ok(Vec::new()), |bytes| (hot.read)(&self.0.name, &bytes))?;
        Ok(self.warm(keys))
    }
}

impl<K: CacheKey, V> Inner<K, V> {
    fn hottest(&self, most: usize) -> Vec<K> {
        self.look_at_once();
        let heat = |key: &K| {
            let hash = key.with_bytes(|bytes| self.spread_hash(bytes));
            self.hot.as_ref().map_or(0, |hot| hot.marks.of(hash))
        };
        let mut keys: Vec<(u8, K)> = self.memory.fresh_keys().map(|key| (heat(&key), key)).collect();
        // A stable sort leaves what is equally hot as memory has it.
        keys.sort_by_key(|(heat, _)| std::cmp::Reverse(*heat));
        keys.into_iter().take(most).map(|(_, key)| key).collect()
    }

    pub(super) async fn save_hot_keys(&self) -> io::Result<usize> {
        let hot = self.hot.as_ref().ok_or_else(no_store)?;
        let keys = self.hottest(hot.most);
        let (bytes, store) = ((hot.write)(&self.name, &keys)?, hot.store.clone());
        tokio::task::spawn_blocking(move || store.save(&bytes)).await.map_err(io::Error::other)??;
        Ok(keys.len())
    }

    /// Takes note of which keys were used since the last look, at once.
    fn look_at_once(&self) {
        let Some(hot) = &self.hot else { return };
        let since = hot.marks.looked_at();
        let used: Vec<u64> = self.memory.used_since(since).map(|key| self.hash_of(&key)).collect();
        hot.marks.look(used, self.namespace.count_on());
    }

    fn hash_of(&self, key: &K) -> u64 {
        key.with_bytes(|bytes| self.spread_hash(bytes))
    }
}

/// Looks every now and then which keys were used, until the cache is gone or shut down; if the hottest are kept.
pub(super) fn start<K: CacheKey, V: Send + Sync + 'static>(inner: &Arc<Inner<K, V>>) {
    if inner.hot.is_none() {
        return;
    }
    let cache = Arc::downgrade(inner);
    inner.looker.spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if !look(&cache).await {
                return;
            }
        }
    });
}

/// `false` when the cache is gone.
async fn look<K: CacheKey, V: Send + Sync + 'static>(cache: &Weak<Inner<K, V>>) -> bool {
    let Some(inner) = cache.upgrade() else { return false };
    let Some(hot) = &inner.hot else { return false };
    let mut hashes = Vec::new();
    let mut used = inner.memory.used_since(hot.marks.looked_at());
    loop {
        let before = hashes.len();
        hashes.extend(used.by_ref().take(STEP).map(|key| inner.hash_of(&key)));
        if hashes.len() == before {
            break;
        }
        tokio::task::yield_now().await;
    }
    hot.marks.look(hashes, inner.namespace.count_on());
    true
}

fn no_store() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "the cache was built without `hot_keys`")
}
