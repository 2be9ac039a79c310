use super::inner::{Inner, note_read};
use crate::{CacheKey, ErrorKind, LoadError, LoadFailed, StoredAs, memory::Life};
use forebay_scope::Scope;
use std::sync::Arc;

/// Tells what an error of a loader means.
pub(super) type Classifier = Box<dyn Fn(&LoadError<'_>) -> ErrorKind + Send + Sync>;

impl<K: CacheKey, V> Inner<K, V> {
    /// What an error means; without a classifier each is transient.
    pub(super) fn kind_of(&self, error: Option<LoadError<'_>>) -> ErrorKind {
        match (&self.classifier, error) {
            (Some(classify), Some(error)) if !error.is_own_word() => classify(&error),
            _ => ErrorKind::Transient,
        }
    }

    /// How the last load of `key` failed, while the key is left alone.
    pub(super) fn resting(&self, key: &K) -> Option<LoadFailed> {
        let failing = self.failing.as_ref()?;
        key.with_bytes(|bytes| failing.resting(bytes, |life| self.memory.is_valid(key, life)))
    }

    /// Leaves the key alone for a while, if the cache does that.
    pub(super) fn rests(&self, key: &[u8], failed: &LoadFailed, life: Arc<Life>) {
        let Some(failing) = self.failing.as_ref().filter(|_| *failed != LoadFailed::Busy) else { return };
        if !failing.failed(key, failed.clone(), life) {
            self.meters.unrested.increment(1);
        }
    }

    /// The key is not left alone any longer.
    pub(super) fn wakes(&self, key: &[u8]) {
        if let Some(failing) = &self.failing {
            failing.forget(key);
        }
    }

    /// What a call gets in place of a load that failed: a stale value, else an error if its type has one.
    pub(super) fn instead<R: StoredAs<V>>(&self, key: &K, failed: LoadFailed) -> Option<R> {
        self.stand_in(key).or_else(|| failure(failed))
    }

    /// A stale value in place of a load that failed.
    pub(super) fn stand_in<R: StoredAs<V>>(&self, key: &K) -> Option<R> {
        let stale = self.stale(key)?;
        self.meters.stale_fallback.increment(1);
        Some(stale)
    }

    /// A stale value in place of a load that takes too long for its caller.
    pub(super) fn stand_in_meanwhile<R: StoredAs<V>>(&self, key: &K) -> Option<R> {
        let stale = self.stale(key)?;
        self.meters.stale_slow.increment(1);
        Some(stale)
    }

    fn stale<R: StoredAs<V>>(&self, key: &K) -> Option<R> {
        let (value, life) = self.fallback(key)?;
        note_read(&life);
        // What is built from it is as stale, and must not be kept as if it were new.
        Scope::with_current(Scope::mark_behind);
        Some(R::from_hit(value))
    }
}

/// The error of a load that another caller ran.
pub(super) fn failure<V, R: StoredAs<V>>(failed: LoadFailed) -> Option<R> {
    let result = R::from_failure(failed)?;
    // What the failed load depended on is not known here.
    Scope::with_current(Scope::mark_behind);
    Some(result)
}
