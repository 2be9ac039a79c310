use super::{
    handle::Cache,
    inner::Inner,
    loading::Loading,
    lookup::{Lookup, TagSource},
    places::Places,
    plan::Plan,
};
use crate::{
    CacheKey, Loaded, Mode, StoredAs,
    flight::{Joined, Landing, Lead, is_leading, leading},
    load::Decided,
};
use forebay_scope::Scope;
use futures_util::FutureExt as _;
use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    sync::Arc,
};

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Makes the value of `key` out of the present one: `change` gets that, or `None`, and returns what is kept from now
    /// on. What a loader may return ([`StoredAs`]): `None` forgets the key everywhere, an error leaves it as it is.
    ///
    /// Computes and loads of one key run one after the other on this node; an [invalidation](Self::invalidate) or an
    /// [`insert`](Self::insert) meanwhile wins: the result is returned and not kept. The new value carries the tags of the
    /// one it was made of. Other nodes keep what they have in memory, and may compute at the same time: a count that must
    /// be right on all of them belongs into a database.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// # use forebay_cache::Cache;
    /// let seen: Cache<u64, u32> = Cache::builder("seen").build()?;
    /// for _ in 0..3 {
    ///     seen.compute(&7, async |old| old.map_or(0, |old| *old) + 1).await;
    /// }
    /// assert_eq!(seen.peek(&7).as_deref(), Some(&3));
    /// assert_eq!(seen.compute(&7, async |_| None::<u32>).await, None);
    /// assert_eq!(seen.peek(&7), None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation safety
    /// A compute that is dropped changes nothing.
    pub async fn compute<R: StoredAs<V>>(&self, key: &K, change: impl AsyncFnOnce(Option<Arc<V>>) -> R) -> R {
        self.entry(key).compute(change).await
    }
}

impl<K, V, D, F> Lookup<'_, K, V, D, F>
where
    K: CacheKey,
    V: Send + Sync + 'static,
    D: TagSource<()>,
    F: TagSource<V>,
{
    /// [`Cache::compute`] with these options.
    pub async fn compute<R: StoredAs<V>>(self, change: impl AsyncFnOnce(Option<Arc<V>>) -> R) -> R {
        let Self { cache, key, plan } = self;
        let Plan { ttl, declared, found, places, .. } = plan;
        let inner = &cache.0;
        if places == Places::NONE {
            return change(None).await;
        }
        let bytes: Box<[u8]> = key.with_bytes(|bytes| bytes.into());
        if inner.mode.get() == Mode::Off || is_leading(&inner.flights, &bytes) {
            // It would wait for its own end; what it computes is not kept.
            return change(inner.landed_meanwhile(key)).await;
        }
        let lead = match inner.lead_for::<R>(&bytes).await {
            Ok(lead) => lead,
            Err(failed) => return failed,
        };
        let mut tags = Vec::new();
        declared.add(&(), &mut tags);
        let loading = Loading::begin(inner, lead, key, tags, ttl, true).within(places);
        let old = loading.present().await;
        let loading = loading.runs();
        let load = loading.scope.run(async { change(old).await });
        let computed = AssertUnwindSafe(leading(&inner.flights, &bytes, load)).catch_unwind().await;
        Scope::with_current(|outer| outer.absorb(&loading.scope));
        let result = match computed {
            Ok(result) => result,
            Err(panic) => {
                // Those who wait do so for a load: the next of them leads.
                drop(loading);
                resume_unwind(panic)
            }
        };
        match result.loaded() {
            Loaded::Value(value) => {
                let mut tags = Vec::new();
                found.add(&value, &mut tags);
                // The cache's own loader would make something else.
                drop(loading.value(&value, tags, Decided::default(), false));
            }
            Loaded::Absent => {
                drop(loading.absent(None));
                if places.keep_in_tiers {
                    cache.invalidate(key).await;
                }
            }
            // Those who wait do so for a load: the next of them leads.
            Loaded::Failed(_) => drop(loading),
        }
        result
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// The lead of a flight, when it is this caller's turn; a failure when that took too long.
    async fn lead_for<R: StoredAs<V>>(&self, key: &[u8]) -> Result<Lead<'_, V>, R> {
        loop {
            match self.flights.join(key).await {
                Joined::Lead(lead) => return Ok(lead),
                Joined::Landed(Landing::Failed(failed)) if failed.is_timeout() => {
                    // One that cannot fail waits on, and leads once the flight is too old.
                    if let Some(failed) = R::from_failure(failed) {
                        return Err(failed);
                    }
                }
                Joined::Landed(_) => {}
            }
        }
    }
}
