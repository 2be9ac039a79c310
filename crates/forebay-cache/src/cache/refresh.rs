use super::{handle::Cache, lease::Looked, loading::Loading};
use crate::{
    CacheKey, Load, LoadError, LoadFailed, Loader, LoaderError,
    clock::Moment,
    flight::{Landing, leading},
    memory::{Life, Verdict},
    spans,
};
use forebay_scope::Tag;
use std::{pin::pin, sync::Arc, time::Duration};

/// What a load by the cache's own loader is to bring.
pub(super) struct Reload {
    declared: Vec<Tag>,
    ttl: Option<Duration>,
    /// Whether it may bring tags besides those declared.
    open: bool,
    /// A fresh value that was loaded no earlier will do, whoever loaded it.
    born_after: Moment,
    /// Whether it waits for its turn among too many loads.
    waits: bool,
}

impl Reload {
    /// What brings the same entry again.
    pub(super) fn of(stale: &Life) -> Self {
        Self {
            declared: stale.declared().to_vec(),
            ttl: stale.origin.ttl,
            open: stale.origin.open,
            born_after: 0,
            waits: false,
        }
    }

    /// What brings an entry of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { declared: Vec::new(), ttl: None, open: true, born_after: 0, waits: true }
    }

    /// Somebody waits for it: it waits for its turn.
    pub(super) fn awaited(self) -> Self {
        Self { waits: true, ..self }
    }

    pub(super) fn born_after(self, born_after: Moment) -> Self {
        Self { born_after, ..self }
    }
}

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Reloads `key` on a task of the cache's own, unless it is being loaded already or is left alone. `false` when the
    /// cache has no loader that could make the same entry.
    pub(super) fn refresh_behind(&self, key: &K, stale: &Arc<Life>) -> bool {
        self.refresh_with(key, stale, Reload::of)
    }

    /// [`Cache::refresh_behind`] of a value that is fresh, if the draw says so.
    #[cold]
    pub(super) fn refresh_early(&self, key: &K, life: &Arc<Life>) {
        let now = self.0.memory.clock.now();
        let left = Duration::from_nanos(life.times.fresh_until.saturating_sub(now));
        if now < life.early_from() || !self.0.freshness.draws_early(left, life.load()) {
            return;
        }
        // The same entry in a remote tier is no news, and its age is known there in milliseconds only.
        let half = life.born.saturating_add(now.saturating_sub(life.born) / 2);
        if self.refresh_with(key, life, |life| Reload::of(life).born_after(half)) {
            self.0.meters.early.increment(1);
        }
    }

    fn refresh_with(&self, key: &K, stale: &Life, reload: impl FnOnce(&Life) -> Reload) -> bool {
        let Some(loader) = self.0.loader.clone() else { return false };
        if !stale.origin.refreshable {
            return false;
        }
        if key.with_bytes(|bytes| self.0.flights.is_idle(bytes)) && self.0.resting(key).is_none() {
            let (cache, key, reload) = (self.clone(), key.clone(), reload(stale));
            self.0.tasks.spawn(async move { drop(cache.reload(&key, &*loader, reload).await) });
        }
        true
    }

    /// Runs the cache's own loader, and tells how that ended; `None` when another loads the key, or has loaded it.
    pub(super) async fn reload(
        &self,
        key: &K,
        loader: &dyn Loader<K, V>,
        reload: Reload,
    ) -> Option<Landing<V>> {
        let inner = &self.0;
        let lead = key.with_bytes(|bytes| inner.flights.try_lead(bytes))?;
        let Reload { declared, ttl, open, born_after, waits } = reload;
        // Another load may have ended between the look at memory and this one.
        let is_news = |life: &Life, verdict| verdict == Verdict::Fresh && life.born >= born_after;
        let present = inner.inspect(key);
        if present.as_ref().is_some_and(|found| is_news(&found.life, found.verdict)) {
            return None;
        }
        // What says "not modified" must have seen what softly invalidated the old value.
        let invalidated = present.is_some_and(|found| !inner.memory.is_valid(key, &found.life));
        let open = open || invalidated || loader.gives_tags();
        // Another node may have reloaded it already.
        let loading = Loading::begin(inner, lead, key, declared, ttl, open);
        let Looked::Load(loading) = loading.remote_or_lease(false, born_after).await else { return None };
        let Ok(_turn) = inner.turn(waits).await else { return Some(loading.shed()) };
        let mut told = Load::new(inner.previous(key));
        let loading = loading.runs();
        let load = loading.scope.run(inner.load_own(loader, key, &mut told));
        let load = key.with_bytes(|bytes| leading(&inner.flights, bytes, load));
        let outcome = |loaded: &Result<Option<_>, LoaderError>| match loaded {
            Ok(Some(_)) => "value",
            Ok(None) => "absent",
            Err(error) if error.downcast_ref().is_some_and(LoadFailed::is_timeout) => "late",
            Err(_) => "failed",
        };
        let result = {
            let load = pin!(load);
            let load = loading.holding(load);
            spans::within(spans::load(&inner.name, "refresh"), load, outcome).await
        };
        Some(match result {
            Ok(Some(value)) => {
                let mut decided = told.into_decided();
                decided.do_not_keep |= !open && !decided.tags.is_empty();
                loading.value(&value, Vec::new(), decided, true)
            }
            Ok(None) => loading.absent(None),
            Err(error) => {
                tracing::debug!(cache = %inner.name, %error, "a background load failed");
                let kind = inner.kind_of(Some(LoadError::owned(&error)));
                loading.unsuccessful(kind, LoadFailed::of(&error))
            }
        })
    }
}
