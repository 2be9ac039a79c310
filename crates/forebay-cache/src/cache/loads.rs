use super::{
    builder::CacheBuilder,
    bulkhead::{Bounds, Bulkhead},
    failing::{Backoff, Failing},
    failures::Classifier,
};
use crate::{CacheKey, Clock, ErrorKind, LoadError, config::CacheConfig};
use std::time::Duration;

/// What a cache's loads may cost, and what becomes of those that fail.
pub(super) struct Loads {
    pub(super) load_max: Duration,
    pub(super) soft_timeout: Option<Duration>,
    pub(super) classifier: Option<Classifier>,
    backoff: Option<Duration>,
    backoff_max: Duration,
    failing_keys_max: usize,
    loads_max: Option<usize>,
    waiting_loads_max: usize,
    load_wait_max: Duration,
    pub(super) background_loads_max: usize,
    pub(super) timed_keys_max: usize,
}

impl Default for Loads {
    fn default() -> Self {
        Self {
            load_max: Duration::from_secs(30),
            soft_timeout: None,
            classifier: None,
            backoff: None,
            backoff_max: Duration::from_secs(60),
            failing_keys_max: 10_000,
            loads_max: None,
            waiting_loads_max: 1_000,
            load_wait_max: Duration::from_secs(1),
            background_loads_max: 64,
            timed_keys_max: 1_000,
        }
    }
}

impl Loads {
    pub(super) fn take(&mut self, outside: &CacheConfig) {
        self.load_max = outside.load_max.unwrap_or(self.load_max);
        self.soft_timeout = outside.soft_timeout.or(self.soft_timeout);
        self.backoff = outside.backoff.or(self.backoff);
        self.backoff_max = outside.backoff_max.unwrap_or(self.backoff_max);
        self.loads_max = outside.loads_max.or(self.loads_max);
        self.waiting_loads_max = outside.waiting_loads_max.unwrap_or(self.waiting_loads_max);
        self.load_wait_max = outside.load_wait_max.unwrap_or(self.load_wait_max);
        self.background_loads_max = outside.background_loads_max.unwrap_or(self.background_loads_max);
    }

    /// The setting that makes no sense, and why.
    pub(super) fn check(&self, has_loader: bool) -> Result<(), (&'static str, &'static str)> {
        if self.load_max.is_zero() {
            return Err(("load_max", "must not be 0"));
        }
        if self.soft_timeout.is_some() && !has_loader {
            return Err(("soft_timeout", "needs a `loader` that goes on when the caller no longer waits"));
        }
        if self.soft_timeout.is_some_and(|soft| soft >= self.load_max) {
            return Err(("soft_timeout", "must be shorter than `load_max`"));
        }
        if self.backoff.is_some_and(|first| first.is_zero() || first > self.backoff_max) {
            return Err(("backoff", "must be longer than 0 and at most `backoff_max`"));
        }
        if self.loads_max == Some(0) {
            return Err(("loads_max", "must not be 0; leave it out for as many loads as there are callers"));
        }
        Ok(())
    }

    pub(super) fn failing(&self, clock: Clock) -> Option<Failing> {
        let first = self.backoff?;
        Some(Failing::new(Backoff { first, max: self.backoff_max, keys_max: self.failing_keys_max }, clock))
    }

    pub(super) fn bulkhead(&self) -> Option<Bulkhead> {
        let (waiting_max, wait_max) = (self.waiting_loads_max, self.load_wait_max);
        self.loads_max.map(|loads_max| Bulkhead::new(Bounds { loads_max, waiting_max, wait_max }))
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    /// How long a load may take, that of a batch included. Then it is stopped; its caller and those who wait get a stale
    /// value, else [`LoadFailed::Deadline`](crate::LoadFailed::Deadline). A closure whose return type has no error goes on
    /// when there is no stale value either; others no longer wait for it, and what it brings is in no remote tier. Default:
    /// 30 s.
    pub fn load_max(mut self, load_max: Duration) -> Self {
        self.loads.load_max = load_max;
        self
    }

    /// How long a caller waits for a load when it could have a stale value (within [`stale_if_error`](Self::stale_if_error),
    /// or softly invalidated); counted from when the load began. Then it gets the stale value, and the load goes on.
    ///
    /// That load must outlive its caller, so the cache's own [`loader`](Self::loader) runs it, from the beginning, and the
    /// caller's closure is not called. The closure is called as ever when there is no stale value, when the stale value has
    /// tags that the loader does not know of, or when all [background loads](Self::background_loads_max) are taken; its
    /// own caller waits for it up to [`load_max`](Self::load_max), and only others go on with the stale value.
    /// Default: callers wait.
    pub fn soft_timeout(mut self, soft_timeout: Duration) -> Self {
        self.loads.soft_timeout = Some(soft_timeout);
        self
    }

    /// Tells what a loader's errors mean: that there is no such thing, that it may work the next time, or that it will
    /// not. Asked for errors of callers' closures and of the cache's own loader; panics and timeouts are transient.
    /// Default: every error is [transient](ErrorKind::Transient).
    ///
    /// ```
    /// # use forebay_cache::{Cache, CacheError, ErrorKind};
    /// #[derive(Debug, thiserror::Error)]
    /// enum AppError {
    ///     #[error("no such user")]
    ///     NoUser,
    ///     #[error("not allowed")]
    ///     Denied,
    ///     #[error("database is down")]
    ///     Down,
    /// }
    /// # fn build() -> Result<(), CacheError> {
    /// let users: Cache<u64, String> = Cache::builder("users")
    ///     .classify(|error| match error.get::<AppError>() {
    ///         Some(AppError::NoUser) => ErrorKind::NotFound,
    ///         Some(AppError::Denied) => ErrorKind::Fatal,
    ///         _ => ErrorKind::Transient,
    ///     })
    ///     .build()?;
    /// # drop((users, AppError::Down)); Ok(()) }
    /// ```
    pub fn classify(mut self, kind: impl Fn(&LoadError<'_>) -> ErrorKind + Send + Sync + 'static) -> Self {
        self.loads.classifier = Some(Box::new(kind));
        self
    }

    /// For how long a key is left alone after a load of it failed in a way that is [transient](ErrorKind::Transient), took
    /// longer than [`load_max`](Self::load_max) or panicked:
    /// `first` after one failure, twice as long after each further one, at most `max`, each shortened at random by up to
    /// half. Meanwhile callers get the stale value, else the same failure, and nothing is loaded. The first caller after it
    /// tries again. A success, an [`insert`](crate::Cache::insert) and every invalidation that concerns the key end it.
    /// A closure whose return type has no error is called nevertheless. Default: keys are not left alone.
    pub fn backoff(mut self, first: Duration, max: Duration) -> Self {
        (self.loads.backoff, self.loads.backoff_max) = (Some(first), max);
        self
    }

    /// How many failing keys are remembered for [`backoff`](Self::backoff); others are loaded as ever. Default: 10 000.
    pub fn failing_keys_max(mut self, keys: usize) -> Self {
        self.loads.failing_keys_max = keys;
        self
    }

    /// How many loaders run at once, callers' closures and the cache's own together. A load beyond that waits for its
    /// turn, see [`load_wait_max`](Self::load_wait_max) and [`waiting_loads_max`](Self::waiting_loads_max); a refresh that
    /// nobody waits for does not take place. A loader that asks for another key of the same cache takes no turn for it.
    /// Default: as many as there are.
    pub fn loads_max(mut self, loads: usize) -> Self {
        self.loads.loads_max = Some(loads);
        self
    }

    /// How many loads wait for their turn among [`loads_max`](Self::loads_max) at once; a further one is
    /// [refused](Self::load_wait_max) at once. Default: 1 000.
    pub fn waiting_loads_max(mut self, loads: usize) -> Self {
        self.loads.waiting_loads_max = loads;
        self
    }

    /// How long a load waits for its turn among [`loads_max`](Self::loads_max). Then its caller and those who wait with
    /// it get a stale value, else [`LoadFailed::Busy`](crate::LoadFailed::Busy); a closure whose return type has no error
    /// is called without a turn. Default: 1 s.
    pub fn load_wait_max(mut self, wait: Duration) -> Self {
        self.loads.load_wait_max = wait;
        self
    }

    /// How many background loads run at once; beyond that a stale value is served without one. Default: 64.
    pub fn background_loads_max(mut self, loads: usize) -> Self {
        self.loads.background_loads_max = loads;
        self
    }

    /// How many keys are [kept fresh](crate::Cache::keep_fresh) at once. Default: 1 000.
    pub fn timed_keys_max(mut self, keys: usize) -> Self {
        self.loads.timed_keys_max = keys;
        self
    }
}
