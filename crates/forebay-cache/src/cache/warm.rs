use super::handle::Cache;
use crate::{CacheKey, Loader, LoaderError};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde::Serialize;
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Loading keys ahead of those who will ask; made by [`Cache::warm`].
#[must_use = "nothing happens until `run` is called and awaited"]
pub struct Warming<'a, K, V> {
    cache: &'a Cache<K, V>,
    keys: Vec<K>,
    keys_per_second: u32,
    at_once: usize,
    tiers_only: bool,
    progress: Option<Progress<'a>>,
}

type Progress<'a> = Box<dyn FnMut(&Warmed) + Send + 'a>;

/// How far a [`Warming`] is, or came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Warmed {
    /// Keys there are.
    pub keys: u64,
    /// Keys that were found fresh, in memory or a remote tier.
    pub found: u64,
    /// Keys whose value was loaded.
    pub loaded: u64,
    /// Keys that have no value, or none in the tiers when only these were asked.
    pub absent: u64,
    /// Keys whose load failed, panicked or took too long.
    pub failed: u64,
}

/// What became of one key.
enum Became {
    Found,
    Loaded,
    Absent,
    Failed,
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Brings `keys` into memory before anyone asks for them: from remote tiers where they are there, else through the
    /// cache's [loader](crate::CacheBuilder::loader). Without a loader only the tiers are asked.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// # use forebay_cache::{Cache, LoaderError};
    /// let squares: Cache<u64, u64> = Cache::builder("squares")
    ///     .loader(|n: u64| async move { Ok::<_, LoaderError>(Some((n * n).into())) })
    ///     .build()?;
    /// let warmed = squares.warm(1..=10).keys_per_second(1000).run().await;
    /// assert_eq!(warmed.loaded, 10);
    /// assert!(squares.peek(&7).is_some());
    /// # Ok(()) }
    /// ```
    pub fn warm(&self, keys: impl IntoIterator<Item = K>) -> Warming<'_, K, V> {
        Warming {
            cache: self,
            keys: keys.into_iter().collect(),
            keys_per_second: 500,
            at_once: 8,
            tiers_only: false,
            progress: None,
        }
    }
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Warming<'a, K, V> {
    /// Keys of one batch to the tiers.
    const BATCH: usize = 100;

    /// How many keys are begun in a second, so that a start does not overrun the database. 0 counts as 1. Default: 500.
    pub fn keys_per_second(mut self, keys: u32) -> Self {
        self.keys_per_second = keys.max(1);
        self
    }

    /// How many loads run at once. 0 counts as 1. Default: 8.
    pub fn at_once(mut self, loads: usize) -> Self {
        self.at_once = loads.max(1);
        self
    }

    /// Asks the remote tiers only, a hundred keys in one batch. Default: loads what they do not have.
    pub fn tiers_only(mut self) -> Self {
        self.tiers_only = true;
        self
    }

    /// Is called after each key or batch. Default: nothing is.
    pub fn progress(mut self, progress: impl FnMut(&Warmed) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Does it, in the order given. Cancel safe: what is warm stays so.
    pub async fn run(self) -> Warmed {
        match self.cache.0.loader.clone().filter(|_| !self.tiers_only) {
            Some(loader) => self.load(&*loader).await,
            None => self.look().await,
        }
    }

    async fn load(self, loader: &dyn Loader<K, V>) -> Warmed {
        let Self { cache, keys, keys_per_second, at_once, mut progress, .. } = self;
        let mut warmed = Warmed { keys: keys.len() as u64, ..Warmed::default() };
        let mut ticks = paced(keys_per_second, 1);
        let (mut under_way, mut keys) = (FuturesUnordered::new(), keys.into_iter().peekable());
        loop {
            let may_begin = under_way.len() < at_once && keys.peek().is_some();
            tokio::select! {
                biased;
                Some(became) = under_way.next() => {
                    warmed.count(&became);
                    if let Some(progress) = &mut progress {
                        progress(&warmed);
                    }
                }
                _ = ticks.tick(), if may_begin => under_way.extend(keys.next().map(|key| one(cache, key, loader))),
                else => break,
            }
        }
        warmed
    }

    async fn look(self) -> Warmed {
        let Self { cache, keys, keys_per_second, mut progress, .. } = self;
        let mut warmed = Warmed { keys: keys.len() as u64, ..Warmed::default() };
        let mut ticks = paced(keys_per_second, Self::BATCH as u32);
        for batch in keys.chunks(Self::BATCH) {
            ticks.tick().await;
            for found in cache.get_many(batch).await {
                warmed.count(&if found.is_some() { Became::Found } else { Became::Absent });
            }
            if let Some(progress) = &mut progress {
                progress(&warmed);
            }
        }
        warmed
    }
}

async fn one<K, V>(cache: &Cache<K, V>, key: K, loader: &dyn Loader<K, V>) -> Became
where
    K: CacheKey,
    V: Send + Sync + 'static,
{
    let mut ran = false;
    let loaded: Result<Option<Arc<V>>, LoaderError> = cache
        .entry(&key)
        .get_or_load_with(async |load| {
            ran = true;
            cache.0.load_own(loader, &key, load).await
        })
        .await;
    match loaded {
        Ok(Some(_)) if ran => Became::Loaded,
        Ok(Some(_)) => Became::Found,
        Ok(None) => Became::Absent,
        Err(error) => {
            tracing::debug!(cache = cache.name(), %error, "a key did not become warm");
            Became::Failed
        }
    }
}

/// A tick for each `keys` of so many in a second; none is made up for.
fn paced(keys_per_second: u32, keys: u32) -> Interval {
    // An interval must not be 0.
    let pause = (Duration::from_secs(1) * keys / keys_per_second).max(Duration::from_nanos(1));
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Warmed {
    fn count(&mut self, became: &Became) {
        *match became {
            Became::Found => &mut self.found,
            Became::Loaded => &mut self.loaded,
            Became::Absent => &mut self.absent,
            Became::Failed => &mut self.failed,
        } += 1;
    }
}

impl<K, V> fmt::Debug for Warming<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warming")
            .field("cache", self.cache)
            .field("keys", &self.keys.len())
            .field("keys_per_second", &self.keys_per_second)
            .field("at_once", &self.at_once)
            .field("tiers_only", &self.tiers_only)
            .finish_non_exhaustive()
    }
}
