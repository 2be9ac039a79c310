use super::{
    handle::Cache,
    lookup::{Lookup, TagSource},
    places::Places,
    plan::Plan,
};
use crate::{CacheKey, Load, LoadFailed, Loaded, Mode, StoredAs, flight::is_leading};
use forebay_scope::Tag;
use std::sync::Arc;

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Reloads `key` now through the cache's [`Loader`](crate::Loader), whatever any tier holds: what is returned was
    /// loaded after this call began. `None` when there is no such thing, which is then forgotten everywhere.
    ///
    /// Until it ends, others go on with what there is, and keep it if it fails. Other nodes keep what they have in memory:
    /// for a value that *changed*, [invalidate](Self::invalidate) first. With a closure instead of the loader:
    /// [`Lookup::refresh`].
    ///
    /// # Errors
    /// [`LoadFailed::NoLoader`] for a cache without one; the loader's error as [`LoadFailed::Leader`], unless a stale value
    /// [stands in](crate::CacheBuilder::stale_if_error); [`LoadFailed::Deadline`] after
    /// [`load_max`](crate::CacheBuilder::load_max), [`LoadFailed::Panicked`] when it panics.
    ///
    /// # Cancellation safety
    /// The load ends with this future; what there was stays.
    pub async fn refresh(&self, key: &K) -> Result<Option<Arc<V>>, LoadFailed> {
        let inner = &self.0;
        let Some(loader) = &inner.loader else { return Err(LoadFailed::NoLoader) };
        let known = inner.inspect(key).map(|found| found.life).filter(|life| life.origin.refreshable);
        let declared: Vec<Tag> = known.as_ref().map(|life| life.declared().to_vec()).unwrap_or_default();
        let plan = self.entry(key).tags(move || declared).plan.talking();
        let plan = Plan { ttl: known.and_then(|life| life.origin.ttl), by_loader: true, ..plan };
        let load = async |told: &mut Load<V>| inner.load_own(&**loader, key, told).await;
        self.load_anew(key, plan, load).await.map_err(|error| LoadFailed::of(&error))
    }

    /// Loads `key`, whatever there is and whoever else does.
    async fn load_anew<R: StoredAs<V>>(
        &self,
        key: &K,
        plan: Plan<impl TagSource<()>, impl TagSource<V>>,
        load: impl AsyncFnOnce(&mut Load<V>) -> R,
    ) -> R {
        let inner = &self.0;
        let apart = plan.places == Places::NONE || inner.mode.get() == Mode::Off;
        let plan = Plan { places: plan.places.look_nowhere(), ..plan };
        let keeps = plan.places.keep_in_tiers;
        if apart || key.with_bytes(|bytes| is_leading(&inner.flights, bytes)) {
            return inner.alone(key, plan, load).await;
        }
        let lead = key.with_bytes(|bytes| inner.flights.lead_anew(bytes));
        let result = inner.lead(lead, key, plan, load).await;
        if keeps && matches!(result.loaded(), Loaded::Absent) {
            // A remote tier may still hold what is no more.
            self.invalidate(key).await;
        }
        result
    }
}

impl<K, V, D, F> Lookup<'_, K, V, D, F>
where
    K: CacheKey,
    V: Send + Sync + 'static,
    D: TagSource<()>,
    F: TagSource<V>,
{
    /// Runs `load` now, whatever any tier holds, and keeps what it returns; see [`Cache::refresh`]. The closure runs
    /// inline, so it may borrow.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// # use forebay_cache::Cache;
    /// let users: Cache<u64, String> = Cache::builder("users").build()?;
    /// users.insert(&7, "Ada".to_owned()).await;
    /// assert_eq!(users.entry(&7).refresh(async || "Ada Lovelace".to_owned()).await, "Ada Lovelace");
    /// assert_eq!(users.peek(&7).as_deref().map(String::as_str), Some("Ada Lovelace"));
    /// # Ok(()) }
    /// ```
    pub async fn refresh<R: StoredAs<V>>(self, load: impl AsyncFnOnce() -> R) -> R {
        let Self { cache, key, plan } = self;
        cache.load_anew(key, plan, async |_| load().await).await
    }
}
