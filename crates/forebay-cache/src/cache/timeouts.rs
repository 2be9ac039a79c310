use super::{handle::Cache, inner::Inner, refresh::Reload};
use crate::{
    CacheKey, LoadFailed, StoredAs,
    flight::{Joined, as_part},
    memory::Verdict,
};
use forebay_scope::Scope;
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    task::unconstrained,
    time::{sleep, timeout},
};

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Has the cache's own loader load `key` on a task, and waits for it up to the soft timeout. Only when there is a stale
    /// value to go on with; `None` leaves the load to the caller.
    pub(super) async fn load_behind<R: StoredAs<V>>(&self, key: &K, arrived_at: u64) -> Option<R> {
        let inner = &self.0;
        let (soft, loader) = (inner.soft_timeout?, inner.loader.clone()?);
        let found = inner.inspect(key)?;
        let usable = matches!(found.verdict, Verdict::Fallback | Verdict::Refresh);
        if !usable || !found.life.origin.refreshable || !key.with_bytes(|bytes| inner.flights.is_idle(bytes))
        {
            return None;
        }
        let reload = Reload::of(&found.life).awaited();
        // It may outlive the caller, but must read what the caller would have to.
        let scope = Scope::with_current(Scope::detached).unwrap_or_default();
        let (tell, told) = oneshot::channel();
        let (cache, owned) = (self.clone(), key.clone());
        let load = as_part(async move {
            let landing = scope.run(cache.reload(&owned, &*loader, reload)).await;
            // The caller may have gone on with the stale value.
            drop(tell.send(landing));
        });
        if !inner.tasks.spawn(load) {
            return None;
        }
        match timeout(soft, told).await {
            // `None` when another leads by now, or has loaded it.
            Ok(Ok(landing)) => inner.follow(key, landing?, arrived_at),
            Ok(Err(_gone)) => inner.instead(key, LoadFailed::Panicked),
            Err(_elapsed) => inner.stand_in_meanwhile(key),
        }
    }

    /// Joins the flight of a key, for no longer than the soft timeout when there is a stale value to go on with.
    pub(super) async fn join_patiently<R: StoredAs<V>>(
        &self,
        key: &K,
        bytes: &[u8],
    ) -> Result<Joined<'_, V>, R> {
        let flights = &self.0.flights;
        if let Some(soft) = self.0.soft_timeout
            && let Some(led_for) = flights.led_for(bytes)
            && self.0.fallback(key).is_some()
        {
            match timeout(soft.saturating_sub(led_for), flights.join(bytes)).await {
                Ok(joined) => return Ok(joined),
                Err(_elapsed) => {
                    if let Some(stale) = self.0.stand_in_meanwhile(key) {
                        return Err(stale);
                    }
                }
            }
        }
        Ok(flights.join(bytes).await)
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// Waits for a caller's loader up to `load_max`, if the cache takes part.
    pub(super) async fn within_load_max<F: Future>(&self, load: Pin<&mut F>) -> Option<F::Output> {
        let max = if self.mode.is_on() { self.load_max } else { Duration::MAX };
        bounded(max, load).await
    }

    /// Runs a caller's loader for no longer than `load_max`, if there is something to give the caller instead.
    pub(super) async fn in_time<R: StoredAs<V>>(
        &self,
        key: &K,
        mut load: Pin<&mut impl Future<Output = R>>,
    ) -> Timed<R> {
        match self.within_load_max(load.as_mut()).await {
            Some(result) => Timed::Ended(result),
            None => match self.instead(key, LoadFailed::Deadline) {
                Some(result) => Timed::Stopped(result),
                None => Timed::Ended(load.await),
            },
        }
    }
}

/// How a caller's loader came to an end.
pub(super) enum Timed<R> {
    /// By itself.
    Ended(R),
    /// It took too long, and this is what its caller gets.
    Stopped(R),
}

/// Waits for `work` up to `max`. Work that never waits takes no timer, and none is there outside of a runtime.
async fn bounded<F: Future>(max: Duration, mut work: Pin<&mut F>) -> Option<F::Output> {
    let mut end = pin!(None);
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        if end.is_none() && Handle::try_current().is_ok() {
            // Work that uses up its task's budget must not keep the timer from being looked at.
            end.set(Some(unconstrained(sleep(max))));
        }
        match end.as_mut().as_pin_mut() {
            Some(end) => end.poll(context).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await
}
