use super::{
    builder::CacheBuilder,
    inner::{Inner, note_read},
    invalidate::Invalidator,
    lookup::{Lookup, NoTags},
    plan::Plan,
};
use crate::{
    CacheKey, CacheStats, Events, Namespace, Pattern, Reached, StoredAs,
    clock::NEVER,
    memory::{Found, Inspected, Verdict},
    namespace::Member,
};
use forebay_scope::Tag;
use std::{fmt, sync::Arc};

/// One value for one key, loaded once. Cloning is one reference count; all clones are the same cache.
///
/// See the [crate's documentation](crate) for the loader contract and the rule of coherence.
pub struct Cache<K, V>(pub(super) Arc<Inner<K, V>>);

impl<K: CacheKey, V: Send + Sync + 'static> Cache<K, V> {
    /// Describes a cache. Its name labels its metrics and is part of every key in a remote tier.
    pub fn builder(name: impl Into<String>) -> CacheBuilder<K, V> {
        CacheBuilder::new(name.into())
    }

    /// The cache's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The namespace the cache belongs to.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// One call with options: a ttl of its own, tags.
    #[inline]
    pub fn entry<'a>(&'a self, key: &'a K) -> Lookup<'a, K, V, NoTags, NoTags> {
        Lookup::new(self, key)
    }

    /// The fresh value in memory, if there is one. Looks nowhere else, waits for nothing, allocates nothing
    /// (the request's scope may, to note the tags of a tagged value).
    #[inline]
    #[must_use]
    pub fn peek(&self, key: &K) -> Option<Arc<V>> {
        match self.0.find(key) {
            Found::Fresh(value) => {
                self.0.meters.hits.increment(1);
                Some(value)
            }
            Found::Unclear => self.unclear_hit(key, false),
            Found::Nothing => None,
        }
    }

    /// Whether memory has a fresh value. Leaves no trace: it is no hit and no use of the value, and notes no tags.
    #[must_use]
    pub fn is_fresh(&self, key: &K) -> bool {
        let memory = &self.0.memory;
        let found = key.with_bytes(|bytes| memory.glance(bytes));
        found.is_some_and(|found| found.verdict == Verdict::Fresh && memory.is_valid(key, &found.life))
    }

    /// [`peek`](Self::peek) as a loader that returns an `R` would have it, such as `Option<V>` or `Result<V, E>`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// # use forebay_cache::Cache;
    /// let users: Cache<u64, String> = Cache::builder("users").build()?;
    /// users.insert(&7, "Ada".to_owned()).await;
    /// assert_eq!(users.peek_as(&7), Some("Ada".to_owned()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn peek_as<R: StoredAs<V>>(&self, key: &K) -> Option<R> {
        self.peek(key).map(R::from_hit)
    }

    /// What memory can answer at once; starts a refresh if it is due.
    #[inline]
    pub(super) fn hit(&self, key: &K) -> Option<Arc<V>> {
        match self.0.find(key) {
            Found::Fresh(value) => {
                self.0.meters.hits.increment(1);
                Some(value)
            }
            Found::Unclear => self.unclear_hit(key, true),
            Found::Nothing => None,
        }
    }

    /// [`Cache::hit`] for an entry that takes a close look; `or_stale` tells whether one that is being refreshed will do.
    #[inline(never)]
    fn unclear_hit(&self, key: &K, or_stale: bool) -> Option<Arc<V>> {
        let Inspected { value, verdict, life } = self.0.inspect(key)?;
        match verdict {
            Verdict::Fresh => {
                self.0.meters.hits.increment(1);
                if let Some(slide) = life.slide() {
                    slide.read(self.0.memory.clock.now());
                }
                if or_stale && life.early_from() != NEVER {
                    self.refresh_early(key, &life);
                }
            }
            Verdict::Refresh if or_stale && self.refresh_behind(key, &life) => {
                self.0.meters.stale_refresh.increment(1);
            }
            _ => return None,
        }
        note_read(&life);
        Some(value)
    }

    /// The value, if some tier has it. Does not load, nor wait for another's load.
    ///
    /// A value within its stale-while-revalidate window is returned as well, and refreshed through the cache's
    /// own [`Loader`](crate::Loader) if it has one. Cancel safe.
    pub async fn get(&self, key: &K) -> Option<Arc<V>> {
        self.entry(key).get().await
    }

    /// The value; `load` makes it if no tier has it.
    ///
    /// `load` runs inline, so it may borrow. While one caller loads, others of the same key wait for it; see the
    /// [loader contract](crate#the-loader-contract) for what they get if it fails. Dropping this future while it
    /// loads hands the load over to a caller that waits, who then runs its own `load`.
    #[inline]
    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn moves its arguments when first polled, which a hit would feel"
    )]
    pub fn get_or_load<R: StoredAs<V>>(
        &self,
        key: &K,
        load: impl AsyncFnOnce() -> R,
    ) -> impl Future<Output = R> {
        async move {
            if let Some(value) = self.hit(key) {
                return R::from_hit(value);
            }
            self.0.meters.misses.increment(1);
            // Boxed: the long way must not make the future of every hit as large as itself.
            Box::pin(self.load(key, Plan::PLAIN, async |_| load().await)).await
        }
    }

    /// Stores a value the caller knows to be current.
    ///
    /// Other nodes keep what they have in memory: when the value *changed*, [invalidate](Self::invalidate) instead
    /// (or before), which no running load can undo. In a scope that [is behind](forebay_scope::Scope::is_behind)
    /// nothing is stored.
    pub async fn insert(&self, key: &K, value: impl Into<Arc<V>>) {
        self.entry(key).insert(value).await;
    }

    /// Forgets the value of `key`, here and on every node.
    ///
    /// No read that starts on this node after it returns gets a value whose load began before it; other nodes follow
    /// after the backplane's delay. Carries the positions of the writes of the current scope. Cancel safe: once
    /// polled it happens.
    pub async fn invalidate(&self, key: &K) -> Reached {
        self.invalidator().key(key).await
    }

    /// Forgets every value of the namespace that carries `tag`; see [`Cache::invalidate`].
    pub async fn invalidate_tag(&self, tag: &Tag) -> Reached {
        self.invalidator().tag(tag).await
    }

    /// Forgets every value of the namespace that carries one of `tags`; see [`Cache::invalidate`].
    pub async fn invalidate_tags(&self, tags: &[Tag]) -> Reached {
        self.invalidator().tags(tags).await
    }

    /// Forgets every value of this cache whose key's [text](CacheKey::text) begins with `prefix`; see
    /// [`Cache::invalidate`]. Costs the same however many keys there are: entries are compared when they are read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// use forebay_cache::Cache;
    ///
    /// let pages: Cache<(&'static str, u64, &'static str), String> = Cache::builder("pages").build()?;
    /// pages.insert(&("user", 7, "dashboard"), "…".to_owned()).await;
    /// pages.invalidate_prefix("user:7:").await;
    /// assert!(pages.peek(&("user", 7, "dashboard")).is_none());
    /// # Ok(()) }
    /// ```
    pub async fn invalidate_prefix(&self, prefix: &str) -> Reached {
        self.invalidator().prefix(prefix).await
    }

    /// Forgets every value of this cache whose key's [text](CacheKey::text) matches `pattern`, such as
    /// `user:*:dashboard`; see [`Pattern`] and [`Cache::invalidate_prefix`].
    pub async fn invalidate_pattern(&self, pattern: impl Into<Pattern>) -> Reached {
        self.invalidator().pattern(pattern).await
    }

    /// Forgets every value of this cache; see [`Cache::invalidate`].
    pub async fn clear(&self) -> Reached {
        self.invalidator().clear().await
    }

    /// An invalidation with options: soft, or standing for writes at given positions.
    pub fn invalidator(&self) -> Invalidator<'_, K, V> {
        Invalidator::new(self)
    }

    /// What the cache did since it was built, on this node. Takes some locks in turn, none of them for long.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        Member::stats(&*self.0)
    }

    /// What happens in this cache on this node; see [`Namespace::events`]. What is about the whole namespace, or about a tag,
    /// is told as well.
    #[must_use]
    pub fn events(&self) -> Events {
        self.0.namespace.events_of(&self.0.name)
    }

    /// How many entries memory holds, stale ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.memory.len()
    }

    /// Whether memory holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the entries in memory weigh, in the unit of the capacity.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.0.memory.weight()
    }

    /// Waits for background loads and for entries on their way to remote tiers, and starts no more. Memory goes on
    /// answering.
    pub async fn shutdown(&self) {
        Member::shutdown(&*self.0).await;
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
