use super::{handle::Cache, places::Places, plan::Plan};
use crate::{CacheKey, Load, StoredAs, Written};
use forebay_scope::Tag;
use std::{fmt, sync::Arc, time::Duration};

/// One call with options; made by [`Cache::entry`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
/// use forebay_cache::{Cache, Tag};
/// use std::time::Duration;
///
/// #[derive(Clone)]
/// struct User { team: u32 }
/// let users: Cache<u64, User> = Cache::builder("users").build()?;
///
/// let id = 7;
/// let user = users
///     .entry(&id)
///     .ttl(Duration::from_secs(30))
///     .tags(|| [Tag::of("user", id)])                    // known before the load; asked only on a miss
///     .tags_from(|user: &User| [Tag::of("team", user.team)]) // known only from the value
///     .get_or_load(async || User { team: 3 })
///     .await;
/// # assert_eq!(user.team, 3);
/// users.invalidate_tag(&Tag::of("team", 3)).await;
/// assert!(users.peek(&id).is_none());
/// # Ok(()) }
/// ```
#[must_use = "nothing happens until `get`, `get_or_load` or `insert` is called and awaited"]
pub struct Lookup<'a, K, V, D, F> {
    pub(super) cache: &'a Cache<K, V>,
    pub(super) key: &'a K,
    pub(super) plan: Plan<D, F>,
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Lookup<'a, K, V, NoTags, NoTags> {
    #[inline]
    pub(super) fn new(cache: &'a Cache<K, V>, key: &'a K) -> Self {
        Self { cache, key, plan: Plan::PLAIN }
    }
}

impl<'a, K, V, D, F> Lookup<'a, K, V, D, F>
where
    K: CacheKey,
    V: Send + Sync + 'static,
    D: TagSource<()>,
    F: TagSource<V>,
{
    /// How long this value is fresh. Default: the cache's ttl.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.plan.ttl = Some(ttl);
        self
    }

    /// Tags known before the value is. `tags` is called only when the value must be loaded or stored.
    ///
    /// A reload after one of them was invalidated must read what the invalidation stands for. Default: none, so that
    /// a reload must read what any invalidation of the namespace stands for; so must one whose value may bring others
    /// ([`tags_from`](Self::tags_from)).
    pub fn tags<I, T>(self, tags: T) -> Lookup<'a, K, V, TagsBy<T>, F>
    where
        T: FnOnce() -> I,
        I: IntoIterator<Item = Tag>,
    {
        let Self { cache, key, plan } = self;
        let Plan { ttl, declared: _, found, talks, by_loader, places } = plan;
        let declared = TagsBy(tags);
        Lookup { cache, key, plan: Plan { ttl, declared, found, talks, by_loader, places } }
    }

    /// Tags known only from the value. Default: none.
    pub fn tags_from<I, T>(self, tags: T) -> Lookup<'a, K, V, D, TagsFrom<T>>
    where
        T: FnOnce(&V) -> I,
        I: IntoIterator<Item = Tag>,
    {
        let Self { cache, key, plan } = self;
        let Plan { ttl, declared, found: _, talks, by_loader, places } = plan;
        let found = TagsFrom(tags);
        Lookup { cache, key, plan: Plan { ttl, declared, found, talks, by_loader, places } }
    }

    /// Unless `take_part`, goes past the cache as if there were none: the loader runs, shares nothing and keeps nothing, and
    /// [`get`](Self::get) finds nothing. Default: `true`.
    pub fn when(mut self, take_part: bool) -> Self {
        if !take_part {
            self.plan.places = Places::NONE;
        }
        self
    }

    /// Uses memory only: remote tiers are not asked, and get nothing of what is loaded or inserted. An entry made so is
    /// not refreshed in the background, which could not keep to it. Default: every tier of the namespace.
    pub fn memory_only(mut self) -> Self {
        self.plan.places = self.plan.places.memory_only();
        self
    }

    /// Goes past this node's memory, to look and to keep: the value comes from a remote tier or the loader, and goes to
    /// the remote tiers. What memory has stays, except that an [`insert`](Self::insert) takes it out. For values that
    /// are used once, such as those of a batch run, and would push out what others need. Default: memory is used.
    pub fn skip_memory(mut self) -> Self {
        self.plan.places = self.plan.places.skip_memory();
        self
    }

    /// Looks, and keeps nothing anywhere: neither what a remote tier has nor what the loader brings, which those who
    /// wait for the same load still get. An [`insert`](Self::insert) does nothing. Default: what is found is kept.
    pub fn read_only(mut self) -> Self {
        self.plan.places = self.plan.places.read_only();
        self
    }

    /// [`Cache::get`] with these options.
    pub async fn get(self) -> Option<Arc<V>> {
        if let Some(value) = self.hit() {
            return Some(value);
        }
        self.cache.0.meters.misses.increment(1);
        Box::pin(self.cache.find(self.key, self.plan.places)).await
    }

    /// [`Cache::get_or_load`] with these options.
    #[inline]
    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn moves its arguments when first polled, which a hit would feel"
    )]
    pub fn get_or_load<R: StoredAs<V>>(self, load: impl AsyncFnOnce() -> R) -> impl Future<Output = R> {
        async move {
            if let Some(value) = self.hit() {
                return R::from_hit(value);
            }
            let Self { cache, key, plan } = self;
            cache.0.meters.misses.increment(1);
            // Boxed: the long way must not make the future of every hit as large as itself.
            Box::pin(cache.load(key, plan, async |_| load().await)).await
        }
    }

    /// [`get_or_load`](Self::get_or_load) with a loader that talks to the cache: it is told of the old value, so that it can
    /// ask its source whether that is still right, and may decide how the new one is kept. See [`Load`].
    ///
    /// As its tags are not known before it ran, it must read what any invalidation of the namespace stands for.
    pub async fn get_or_load_with<R: StoredAs<V>>(self, load: impl AsyncFnOnce(&mut Load<V>) -> R) -> R {
        if let Some(value) = self.hit() {
            return R::from_hit(value);
        }
        let Self { cache, key, plan } = self;
        cache.0.meters.misses.increment(1);
        Box::pin(cache.load(key, plan.talking(), load)).await
    }

    /// [`Cache::insert`] with these options.
    pub async fn insert(self, value: impl Into<Arc<V>>) {
        let Self { cache, key, plan } = self;
        let put = cache.put(key, plan, value.into());
        cache.0.fill_all(put.into_iter().collect());
    }

    #[inline]
    fn hit(&self) -> Option<Arc<V>> {
        if self.plan.places.look_in_memory { self.cache.hit(self.key) } else { None }
    }

    /// Stores the value, and returns when every remote tier of the cache was asked once to take it: what it returns says how
    /// many did.
    ///
    /// A tier that did not is written to again later, like with [`insert`](Self::insert). The wait is bounded by the tiers'
    /// deadlines and by the writes of the same key that are under way. Cancel safe: once polled it happens.
    pub async fn insert_through(self, value: impl Into<Arc<V>>) -> Written {
        let Self { cache, key, plan } = self;
        match cache.put(key, plan, value.into()) {
            Some((full_key, outgoing)) => cache.0.fill_through(&full_key, outgoing).await,
            None => Written { tiers: cache.0.tiers_used(), ..Written::default() },
        }
    }
}

impl<K, V, D, F> fmt::Debug for Lookup<'_, K, V, D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("cache", self.cache)
            .field("ttl", &self.plan.ttl)
            .finish_non_exhaustive()
    }
}

/// Where the tags of an entry come from: [`NoTags`], or a closure.
#[diagnostic::on_unimplemented(message = "`{Self}` does not give tags")]
pub trait TagSource<From> {
    /// Whether the tags depend on the value.
    const FROM_VALUE: bool;

    /// Adds the tags to `into`.
    fn add(self, from: &From, into: &mut Vec<Tag>);
}

/// No tags.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTags;

impl<From> TagSource<From> for NoTags {
    const FROM_VALUE: bool = false;

    fn add(self, _: &From, _: &mut Vec<Tag>) {}
}

/// Tags known before the value, by a closure given to [`Lookup::tags`].
pub struct TagsBy<T>(T);

/// Tags known from the value, by a closure given to [`Lookup::tags_from`].
pub struct TagsFrom<T>(T);

impl<T, I> TagSource<()> for TagsBy<T>
where
    T: FnOnce() -> I,
    I: IntoIterator<Item = Tag>,
{
    const FROM_VALUE: bool = false;

    fn add(self, (): &(), into: &mut Vec<Tag>) {
        into.extend((self.0)());
    }
}

impl<V, T, I> TagSource<V> for TagsFrom<T>
where
    T: FnOnce(&V) -> I,
    I: IntoIterator<Item = Tag>,
{
    const FROM_VALUE: bool = true;

    fn add(self, value: &V, into: &mut Vec<Tag>) {
        into.extend((self.0)(value));
    }
}

impl<T> fmt::Debug for TagsFrom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagsFrom")
    }
}

impl<T> fmt::Debug for TagsBy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagsBy")
    }
}
