use super::builder::CacheBuilder;
use crate::{CacheError, CacheKey, LoadLease, freshness::Freshness};

impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    /// Lays the settings from outside over those given in code.
    pub(super) fn take_outside(&mut self) {
        let outside = std::mem::take(&mut self.outside);
        let Freshness { ttl, jitter, stale_while_revalidate, stale_if_error, early_refresh, idle_max } =
            &mut self.freshness;
        *ttl = outside.ttl.or(*ttl);
        *jitter = outside.jitter.unwrap_or(*jitter);
        *stale_while_revalidate = outside.stale_while_revalidate.unwrap_or(*stale_while_revalidate);
        *early_refresh = outside.early_refresh.unwrap_or(*early_refresh);
        *idle_max = outside.idle_max.or(*idle_max);
        *stale_if_error = outside.stale_if_error.unwrap_or(*stale_if_error);
        self.entries = outside.capacity.unwrap_or(self.entries);
        self.loads.take(&outside);
        self.lease = outside.load_lease.or(self.lease.take());
        self.sweep_every = outside.sweep_every.or(self.sweep_every);
        self.mode = outside.mode.unwrap_or(self.mode);
        self.writes = outside.writes.unwrap_or_else(|| self.writes.clone());
        self.form.compression = outside.compression.unwrap_or(self.form.compression);
    }

    /// Finds what makes no sense.
    pub(super) fn check(&self) -> Result<(), CacheError> {
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.name.is_empty() || !self.name.chars().all(named) {
            return Err(CacheError::Name(self.name.clone()));
        }
        let wrong =
            |setting, problem| Err(CacheError::Setting { cache: self.name.clone(), setting, problem });
        let Freshness { ttl, stale_while_revalidate, jitter, early_refresh, idle_max, .. } = self.freshness;
        if self.entries == 0 || self.weight.as_ref().is_some_and(|(weight, _)| *weight == 0) {
            return wrong("capacity", "must not be 0");
        }
        if ttl.is_some_and(|ttl| ttl.is_zero()) {
            return wrong("ttl", "must not be 0; leave it out for values that live until invalidated");
        }
        if !(0.0..=1.0).contains(&jitter) {
            return wrong("jitter", "must lie between 0 and 1");
        }
        if !stale_while_revalidate.is_zero() && self.loader.is_none() {
            return wrong("stale_while_revalidate", "needs a `loader` to reload with in the background");
        }
        if self.sweep_every.is_some_and(|pause| pause.is_zero()) {
            return wrong("sweep_every", "must not be 0; leave it out for no sweeps");
        }
        if let Err(problem) = self.writes.check() {
            return wrong("writes", problem);
        }
        if !early_refresh.is_finite() || early_refresh < 0.0 {
            return wrong("early_refresh", "must be a number, and not below 0");
        }
        if early_refresh > 0.0 && self.loader.is_none() {
            return wrong("early_refresh", "needs a `loader` to reload with in the background");
        }
        if idle_max.is_some_and(|idle| idle.is_zero() || ttl.is_none_or(|ttl| idle > ttl)) {
            return wrong("idle_max", "must not be 0, and needs a `ttl` that is no shorter");
        }
        if idle_max.is_some() && self.codec.is_some() {
            return wrong("idle_max", "is counted in one node's memory, so that the cache cannot be shared");
        }
        if let Some(Err(problem)) = self.lease.as_ref().map(LoadLease::check) {
            return wrong("load_lease", problem);
        }
        self.loads.check(self.loader.is_some()).or_else(|(setting, problem)| wrong(setting, problem))
    }
}
