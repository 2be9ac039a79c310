use super::{handle::Cache, inner::Inner, refresh::Reload};
use crate::{CacheError, CacheKey, clock::nanos};
use std::{
    fmt,
    future::pending,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{sync::oneshot, time::sleep};

/// Keeps one key fresh until it is dropped; made by [`Cache::keep_fresh`].
#[must_use = "the key is kept fresh until this is dropped"]
pub struct KeptFresh {
    /// Ends the task when it is dropped.
    stop: oneshot::Sender<()>,
}

impl KeptFresh {
    /// Keeps the key fresh for as long as the cache lives, or until it is [shut down](Cache::shutdown).
    pub fn forever(self) {
        // Nobody listens when the cache is gone already.
        let _gone = self.stop.send(());
    }
}

impl fmt::Debug for KeptFresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptFresh").field("ended", &self.stop.is_closed()).finish()
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Has the cache's own [`Loader`](crate::Loader) load `key` now and then every `every`, whether anybody asks for it
    /// or not, until the returned handle is dropped or the cache is [shut down](Cache::shutdown). The cache's ttl should be
    /// longer than `every`.
    ///
    /// Keys with the same `every` do not fall due together: the first load comes after a random part of `every`, at most
    /// a second, and each interval is shortened at random by up to a tenth. A value that a caller or another node loaded in
    /// the last half of `every` will do. A key whose load fails is tried again when it is due next; an entry with tags that
    /// only its caller knows is left to its callers.
    ///
    /// # Errors
    /// The cache has no loader, `every` is 0, or [too many](crate::CacheBuilder::timed_keys_max) keys are kept fresh.
    ///
    /// # Panics
    /// Outside of a tokio runtime, like [`tokio::spawn`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// # use forebay_cache::{Cache, LoaderError};
    /// # use std::{sync::Arc, time::Duration};
    /// let rates: Cache<&str, f64> = Cache::builder("rates")
    ///     .ttl(Duration::from_secs(60))
    ///     .loader(|_currency| async { Ok::<_, LoaderError>(Some(Arc::new(1.1))) })
    ///     .build()?;
    /// let euro = rates.keep_fresh(&"EUR", Duration::from_secs(20))?;
    /// # drop(euro); Ok(()) }
    /// ```
    pub fn keep_fresh(&self, key: &K, every: Duration) -> Result<KeptFresh, CacheError> {
        let wrong =
            |setting, problem| Err(CacheError::Setting { cache: self.0.name.to_string(), setting, problem });
        if self.0.loader.is_none() {
            return wrong("loader", "is needed to keep a key fresh");
        }
        if every.is_zero() {
            return wrong("every", "must not be 0");
        }
        let (stop, stopped) = oneshot::channel();
        let (cache, key) = (Arc::downgrade(&self.0), key.clone());
        let task = async move {
            tokio::select! {
                () = keep_fresh(cache, key, every) => {}
                () = dropped(stopped) => {}
            }
        };
        if !self.0.timers.spawn(task) {
            return wrong("timed_keys_max", "are kept fresh already, or the cache was shut down");
        }
        Ok(KeptFresh { stop })
    }
}

/// Returns when the handle is dropped.
async fn dropped(stopped: oneshot::Receiver<()>) {
    if stopped.await.is_ok() {
        pending::<()>().await;
    }
}

async fn keep_fresh<K: CacheKey, V: Send + Sync + 'static>(
    cache: Weak<Inner<K, V>>,
    key: K,
    every: Duration,
) {
    let first = every.min(Duration::from_secs(1));
    sleep(shortened(first, 1)).await;
    // Between two loads the cache may go.
    while let Some(inner) = cache.upgrade() {
        Cache(inner).load_timed(&key, every).await;
        sleep(shortened(every, 10)).await;
    }
}

/// Shorter at random, by at most its `part`th.
fn shortened(wait: Duration, part: u64) -> Duration {
    let wait = nanos(wait);
    Duration::from_nanos(wait - rand::random_range(0..=wait / part))
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    async fn load_timed(&self, key: &K, every: Duration) {
        let inner = &self.0;
        let Some(loader) = inner.loader.clone() else { return };
        let found = inner.inspect(key);
        if found.as_ref().is_some_and(|found| !found.life.origin.refreshable) || inner.resting(key).is_some()
        {
            return;
        }
        let reload = found.map_or_else(Reload::unknown, |found| Reload::of(&found.life));
        let half = inner.memory.clock.now().saturating_sub(nanos(every / 2));
        let (cache, key) = (self.clone(), key.clone());
        let (tell, told) = oneshot::channel::<()>();
        // A task of its own: a panic ends this load, and not the next ones; a dropped handle lets it end.
        let load = async move {
            let _ended = tell;
            drop(cache.reload(&key, &*loader, reload.awaited().born_after(half.max(1))).await);
        };
        if inner.tasks.spawn(load) {
            inner.meters.timed.increment(1);
            // It only ever ends by being dropped.
            let _dropped = told.await;
        }
    }
}
