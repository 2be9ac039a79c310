use super::{handle::Cache, loading::Loading};
use crate::{
    CacheKey, Load, LoadFailed, Loader,
    flight::leading,
    memory::{Life, Verdict},
};
use std::sync::Arc;

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Reloads `key` on a task of the cache's own, unless it is being loaded already. `false` when the cache has
    /// no loader that could make the same entry.
    pub(super) fn refresh_behind(&self, key: &K, stale: &Arc<Life>) -> bool {
        let Some(loader) = self.0.loader.clone() else { return false };
        if !stale.origin.refreshable {
            return false;
        }
        if key.with_bytes(|bytes| self.0.flights.is_idle(bytes)) {
            let (cache, key, stale) = (self.clone(), key.clone(), stale.clone());
            self.0.tasks.spawn(async move { cache.reload(&key, &*loader, &stale).await });
        }
        true
    }

    async fn reload(&self, key: &K, loader: &dyn Loader<K, V>, stale: &Life) {
        let inner = &self.0;
        let Some(lead) = key.with_bytes(|bytes| inner.flights.try_lead(bytes)) else { return };
        // Another refresh may have ended between the look at memory and this one.
        if inner.inspect(key).is_some_and(|found| found.verdict == Verdict::Fresh) {
            return;
        }
        // What says "not modified" must have seen what softly invalidated the old value.
        let open = stale.origin.open || loader.gives_tags() || !inner.memory.is_valid(key, stale);
        let declared = stale.tags[..stale.origin.declared].to_vec();
        // Another node may have reloaded it already.
        let loading = Loading::begin(inner, lead, key, declared, stale.origin.ttl, open).remote().await;
        let Err(loading) = loading else { return };
        let mut told = Load::new(inner.previous(key));
        let loading = loading.runs();
        let load = loading.scope.run(loader.load_with(key, &mut told));
        let load = key.with_bytes(|bytes| leading(&inner.flights, bytes, load));
        match tokio::time::timeout(inner.load_max, load).await {
            Ok(Ok(Some(value))) => {
                let mut decided = told.into_decided();
                decided.do_not_keep |= !open && !decided.tags.is_empty();
                drop(loading.value(&value, Vec::new(), decided, true));
            }
            Ok(Ok(None)) => drop(loading.absent()),
            Ok(Err(error)) => {
                tracing::debug!(cache = %inner.name, %error, "refresh failed");
                drop(loading.failed(LoadFailed::Leader(error.to_string().into())));
            }
            Err(_elapsed) => {
                tracing::debug!(cache = %inner.name, "refresh took too long");
                drop(loading.failed(LoadFailed::Deadline));
            }
        }
    }
}
