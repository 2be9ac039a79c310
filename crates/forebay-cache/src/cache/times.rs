use super::builder::CacheBuilder;
use crate::CacheKey;
use std::time::Duration;

/// How long values may be used, and how.
impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    /// How long a value is fresh. Default: until it is invalidated.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.freshness.ttl = Some(ttl);
        self
    }

    /// How long a value is fresh, told from its key and itself; `None` leaves it to the call or the cache. Wins over
    /// both, because it has seen the value; a loader that [decides](crate::Load::ttl) wins over it. Default: none.
    ///
    /// This is how *negative caching* gets a time of its own: a cache whose value type says that there is none keeps that
    /// as well ([`StoredAs`](crate::StoredAs)), as a rule for a shorter time.
    /// ```
    /// # use forebay_cache::{Cache, CacheError};
    /// # use std::time::Duration;
    /// # #[derive(Clone)] struct User;
    /// # fn build() -> Result<(), CacheError> {
    /// let users: Cache<u64, Option<User>> = Cache::builder("users")
    ///     .ttl(Duration::from_secs(300))
    ///     .ttl_from(|_, user: &Option<User>| user.is_none().then_some(Duration::from_secs(5)))
    ///     .build()?;
    /// # drop(users); Ok(()) }
    /// ```
    pub fn ttl_from(mut self, ttl: impl Fn(&K, &V) -> Option<Duration> + Send + Sync + 'static) -> Self {
        self.ttl_of = Some(Box::new(ttl));
        self
    }

    /// The largest part of the ttl, 0 to 1, by which an entry's is shortened, so that entries loaded together do
    /// not expire together. Never extends it. Default: 0.
    pub fn jitter(mut self, part: f64) -> Self {
        self.freshness.jitter = part;
        self
    }

    /// For how long after its ttl a value is still served while the cache's [`loader`](Self::loader) reloads it in
    /// the background. An invalidated value is not. Default: not at all.
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.freshness.stale_while_revalidate = window;
        self
    }

    /// For how long after its ttl a value is still served when a reload fails. Default: not at all.
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.freshness.stale_if_error = window;
        self
    }

    /// Refreshes a value that is asked for before its ttl ends, through the cache's own [`loader`](Self::loader), so that
    /// no caller waits for it: with a probability that grows towards the end, and begins the earlier the longer the load
    /// of the value took (XFetch). 1 is the usual `eagerness`; more refreshes earlier. Entries without a ttl are not
    /// refreshed so. A refresh looks into the remote tiers first: of many nodes few load. Default: 0, not at all.
    pub fn early_refresh(mut self, eagerness: f64) -> Self {
        self.freshness.early_refresh = eagerness;
        self
    }

    /// For how long a value may go unread: then the next caller loads it again, though its ttl, which is its greatest age
    /// and must be set, has not ended. Reads are noted in this node's memory, to a 64th of `idle_max`; so the cache cannot
    /// be [shared](Self::shared). Default: until its ttl ends.
    pub fn idle_max(mut self, idle_max: Duration) -> Self {
        self.freshness.idle_max = Some(idle_max);
        self
    }
}
