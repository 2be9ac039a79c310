use super::{KeyStore, Marks};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, io, sync::Arc};

type Write<K> = fn(&str, &[K]) -> io::Result<Vec<u8>>;
type Read<K> = fn(&str, &[u8]) -> io::Result<Vec<K>>;

/// What a cache needs to keep its hottest keys from one run to the next.
pub(crate) struct Saver<K> {
    pub(crate) store: Arc<dyn KeyStore>,
    /// How many keys are kept.
    pub(crate) most: usize,
    pub(crate) marks: Marks,
    pub(crate) write: Write<K>,
    pub(crate) read: Read<K>,
}

/// The keys of one cache, in MessagePack.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Saved<K> {
    /// The form of what follows.
    version: u8,
    cache: String,
    keys: Vec<K>,
}

const VERSION: u8 = 1;

impl<K: Serialize + DeserializeOwned + Clone> Saver<K> {
    pub(crate) fn new(store: Arc<dyn KeyStore>, most: usize) -> Self {
        Self { store, most, marks: Marks::default(), write: Saved::write, read: Saved::read }
    }
}

impl<K: Serialize + DeserializeOwned + Clone> Saved<K> {
    fn write(cache: &str, keys: &[K]) -> io::Result<Vec<u8>> {
        let saved = Self { version: VERSION, cache: cache.to_owned(), keys: keys.to_vec() };
        rmp_serde::to_vec(&saved).map_err(io::Error::other)
    }

    fn read(cache: &str, bytes: &[u8]) -> io::Result<Vec<K>> {
        let saved: Self = rmp_serde::from_slice(bytes).map_err(io::Error::other)?;
        if saved.version != VERSION || saved.cache != cache {
            return Err(io::Error::other("these are the keys of another cache, or of another version"));
        }
        Ok(saved.keys)
    }
}

impl<K> fmt::Debug for Saver<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saver").field("store", &self.store).field("most", &self.most).finish_non_exhaustive()
    }
}
