use super::inner::Inner;
use crate::{CacheKey, Load, LoadFailed, Loader, LoaderError};
use futures_util::FutureExt as _;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::time::timeout;

impl<K: CacheKey, V: Send + Sync + 'static> Inner<K, V> {
    /// Runs the cache's own loader for no longer than `load_max`. One that panics has failed, and no caller of the cache
    /// panics for it: it is not their code.
    pub(super) async fn load_own(
        &self,
        loader: &dyn Loader<K, V>,
        key: &K,
        told: &mut Load<V>,
    ) -> Result<Option<Arc<V>>, LoaderError> {
        let load = AssertUnwindSafe(async { loader.load_with(key, told).await }).catch_unwind();
        match timeout(self.load_max, load).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(_panic)) => Err(LoadFailed::Panicked.into()),
            Err(_elapsed) => Err(LoadFailed::Deadline.into()),
        }
    }
}
