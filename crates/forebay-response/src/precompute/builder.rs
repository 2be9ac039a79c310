use super::{
    Precomputed,
    run::{Run, Watch},
};
use crate::Prepared;
use forebay_cache::{Cache, CacheKey, Meter};
use std::{collections::HashSet, fmt, time::Duration};
use tokio::sync::watch;

/// Has responses ready before anybody asks for them, and again after their tags change.
///
/// The responses are the values of a cache with a [`Loader`](forebay_cache::Loader) that gives its values the tags of what
/// they were made from; handlers read them with [`Cache::get`] or [`Cache::get_or_load`] like any others. A background task
/// loads each key that has no fresh value: at the start, when something was invalidated (also by another node), and when a
/// value expired. It never loads two at a time, and no more than [`per_second`](Self::per_second).
///
/// ```
/// use forebay_cache::{Cache, LoaderError};
/// use forebay_response::{Precompute, Prepared};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pages: Cache<u64, Prepared> = Cache::builder("pages")
///     .loader(|id: u64| async move { Ok::<_, LoaderError>(Some(Arc::new(Prepared::json(format!("[{id}]"))))) })
///     .build()?;
/// let ahead = Precompute::new(&pages, [1, 2, 3]).per_second(100).start()?;
/// ahead.ready().await;
/// assert!(pages.peek(&3).is_some());
/// ahead.shutdown().await;
/// # Ok(()) }
/// ```
#[must_use]
pub struct Precompute<K: CacheKey> {
    cache: Cache<K, Prepared>,
    keys: Vec<K>,
    per_second: u32,
    look_every: Duration,
    keys_max: usize,
    meter: Meter,
}

impl<K: CacheKey + Eq + std::hash::Hash> Precompute<K> {
    /// Responses to these keys of a cache, the most important first.
    pub fn new(cache: &Cache<K, Prepared>, keys: impl IntoIterator<Item = K>) -> Self {
        Self {
            cache: cache.clone(),
            keys: keys.into_iter().collect(),
            per_second: 10,
            look_every: Duration::from_secs(1),
            keys_max: 10_000,
            meter: Meter::default(),
        }
    }

    /// How many loads may begin in a second; at least 1. Default: 10.
    pub fn per_second(mut self, loads: u32) -> Self {
        self.per_second = loads;
        self
    }

    /// How often to look for values that expired, or whose load failed. Invalidations are followed without that.
    /// Default: 1 second.
    pub fn look_every(mut self, interval: Duration) -> Self {
        self.look_every = interval;
        self
    }

    /// How many keys there may be: each is looked at after every invalidation. Default: 10,000.
    pub fn keys_max(mut self, keys: usize) -> Self {
        self.keys_max = keys;
        self
    }

    /// Where measurements go. Default: [`Meter::global`].
    pub fn meter(mut self, meter: &Meter) -> Self {
        self.meter = meter.clone();
        self
    }

    /// Begins, in a task of its own.
    ///
    /// # Errors
    /// A setting is out of range, or there are too many keys.
    ///
    /// # Panics
    /// Outside of a tokio runtime, like [`tokio::spawn`].
    pub fn start(self) -> Result<Precomputed, PrecomputeError> {
        let mut known = HashSet::new();
        let keys: Vec<K> = self.keys.into_iter().filter(|key| known.insert(key.clone())).collect();
        if keys.len() > self.keys_max {
            return Err(PrecomputeError::TooManyKeys { keys: keys.len(), max: self.keys_max });
        }
        if self.per_second == 0 {
            return Err(PrecomputeError::Setting("per_second"));
        }
        if self.look_every.is_zero() {
            return Err(PrecomputeError::Setting("look_every"));
        }
        let (tell, told) = watch::channel(false);
        let (stop, stopped) = watch::channel(false);
        let pause = Duration::from_secs(1) / self.per_second;
        let watch = Watch::new(&self.meter, self.cache.name());
        let run = Run::new(self.cache, keys, (pause, self.look_every), tell, watch);
        let task = tokio::spawn(run.until(stopped));
        Ok(Precomputed::new(told, stop, task))
    }
}

impl<K: CacheKey> fmt::Debug for Precompute<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Precompute")
            .field("keys", &self.keys.len())
            .field("per_second", &self.per_second)
            .field("look_every", &self.look_every)
            .finish_non_exhaustive()
    }
}

/// Why responses cannot be computed ahead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrecomputeError {
    /// There are more keys than [`keys_max`](Precompute::keys_max).
    #[error("precompute: {keys} keys, of which only {max} are allowed")]
    TooManyKeys {
        /// How many there are.
        keys: usize,
        /// How many there may be.
        max: usize,
    },
    /// A setting that must not be 0.
    #[error("precompute: `{0}` must not be 0")]
    Setting(&'static str),
}
