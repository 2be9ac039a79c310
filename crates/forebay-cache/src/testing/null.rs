use crate::{Cache, CacheKey, Mode};
use forebay_metrics::Meter;

/// A cache that keeps nothing: every call runs its own loader. For tests that must see what a service does without one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let users = forebay_cache::testing::null_cache::<u64, String>("users");
/// users.insert(&7, "Ada".to_owned()).await;
/// assert_eq!(users.get(&7).await, None);
/// # }
/// ```
///
/// # Panics
/// When `name` is none for a cache; see [`CacheBuilder::build`](crate::CacheBuilder::build).
#[must_use]
pub fn null_cache<K: CacheKey, V: Send + Sync + 'static>(name: &str) -> Cache<K, V> {
    let builder = Cache::builder(name).capacity(1).mode(Mode::Off).meter(&Meter::disabled());
    builder.build().expect("the settings of a test make sense")
}
