use crate::Load;
use async_trait::async_trait;
use std::{fmt, sync::Arc};

/// What a loader that failed says.
pub type LoaderError = Box<dyn std::error::Error + Send + Sync>;

/// Makes the value of a key, for work that outlives any caller: refreshing while a stale value is served.
///
/// It owns all it needs. The cache runs it on tasks of its own, with a deadline, and does not store what comes
/// too late. It is `dyn` because a cache of one type may be given loaders of many; the call costs nothing beside
/// what a loader does. A closure is a loader already:
///
/// ```
/// # use forebay_cache::{Cache, CacheError, LoaderError};
/// # use std::time::Duration;
/// # async fn fetch(_: u64) -> Result<String, std::io::Error> { Ok(String::new()) }
/// # fn build() -> Result<(), CacheError> {
/// let users: Cache<u64, String> = Cache::builder("users")
///     .ttl(Duration::from_secs(30))
///     .stale_while_revalidate(Duration::from_secs(300))
///     .loader(|id: u64| async move { Ok::<_, LoaderError>(Some(fetch(id).await?.into())) })
///     .build()?;
/// # drop(users); Ok(()) }
/// ```
///
/// # Cancellation safety
/// The cache drops the future at its deadline.
#[async_trait]
pub trait Loader<K, V>: Send + Sync + 'static {
    /// The value of `key`; `None` when there is no such thing.
    async fn load(&self, key: &K) -> Result<Option<Arc<V>>, LoaderError>;

    /// [`Loader::load`], for a loader that asks for the old value, or decides about the new one: see [`Load`]. The cache
    /// calls nothing else. Default: it asks and decides nothing.
    async fn load_with(&self, key: &K, load: &mut Load<V>) -> Result<Option<Arc<V>>, LoaderError>
    where
        K: Sync,
        V: Send + Sync,
    {
        let _undecided = load;
        self.load(key).await
    }

    /// Whether [`load_with`](Self::load_with) may give tags that were not declared: its loads must then read what any
    /// invalidation of the namespace stands for. What a loader that says no gives tags to is not kept. Default: no.
    fn gives_tags(&self) -> bool {
        false
    }
}

#[async_trait]
impl<K, V, F, Fut> Loader<K, V> for F
where
    K: Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
    F: Fn(K) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Arc<V>>, LoaderError>> + Send + 'static,
{
    async fn load(&self, key: &K) -> Result<Option<Arc<V>>, LoaderError> {
        self(key.clone()).await
    }
}

impl<K, V> fmt::Debug for dyn Loader<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loader")
    }
}
