use super::{issue::Reached, space::Namespace};
use crate::{CacheKey, Invalidation, Pattern, Strength, Target};
use bytes::{BufMut, BytesMut};
use forebay_scope::{Position, Positions, Scope, Tag};

/// An invalidation with options, for who has no handle of a cache; made by [`Namespace::invalidator`].
///
/// Caches are named, and need not be of this process.
#[derive(Debug)]
#[must_use = "nothing happens until `key`, `tag`, `tags`, `prefix`, `pattern` or `clear` is called and awaited"]
pub struct NamespaceInvalidator<'a> {
    namespace: &'a Namespace,
    cache: Option<&'a str>,
    strength: Strength,
    positions: Positions,
}

impl<'a> NamespaceInvalidator<'a> {
    /// Only keys of the cache of this name are meant, by `prefix`, `pattern` and `clear`. Default: those of every cache.
    pub fn cache(mut self, name: &'a str) -> Self {
        self.cache = Some(name);
        self
    }

    /// Keeps what is forgotten as a fallback, within its cache's stale-if-error window. Default: it is gone.
    pub fn soft(mut self) -> Self {
        self.strength = Strength::Soft;
        self
    }

    /// The invalidation stands for a write at `position`: reloads read before it are not stored. Default: the
    /// writes of the current scope; this adds to them.
    pub fn after(mut self, position: Position) -> Self {
        self.positions.merge(position);
        self
    }

    /// Forgets one key of the cache of this name.
    pub async fn key(self, cache: &str, key: &impl CacheKey) -> Reached {
        let full = key.with_bytes(|bytes| {
            let mut full = BytesMut::with_capacity(cache.len() + 1 + bytes.len());
            full.put_slice(cache.as_bytes());
            full.put_u8(b':');
            full.put_slice(bytes);
            full.freeze()
        });
        self.issue([Target::Key(full)]).await
    }

    /// Forgets every value that carries `tag`, whatever its cache.
    pub async fn tag(self, tag: &Tag) -> Reached {
        self.issue([Target::Tag(tag.clone())]).await
    }

    /// Forgets every value that carries one of `tags`, whatever its cache.
    pub async fn tags(self, tags: &[Tag]) -> Reached {
        let targets: Vec<Target> = tags.iter().cloned().map(Target::Tag).collect();
        self.issue(targets).await
    }

    /// Forgets every value whose key's [text](CacheKey::text) begins with `prefix`.
    pub async fn prefix(self, prefix: &str) -> Reached {
        self.pattern(Pattern::prefix(prefix)).await
    }

    /// Forgets every value whose key's [text](CacheKey::text) matches `pattern`.
    pub async fn pattern(self, pattern: impl Into<Pattern>) -> Reached {
        let (cache, pattern) = (self.cache.map(Box::from), pattern.into());
        self.issue([Target::Pattern { cache, pattern }]).await
    }

    /// Forgets everything.
    pub async fn clear(self) -> Reached {
        let cache = self.cache.map(Box::from);
        self.issue([Target::Clear(cache)]).await
    }

    async fn issue(&self, targets: impl IntoIterator<Item = Target>) -> Reached {
        let (strength, positions) = (self.strength, &self.positions);
        let invalidation = |target| Invalidation { target, strength, positions: positions.clone() };
        self.namespace.invalidate_all(targets.into_iter().map(invalidation)).await
    }
}

impl Namespace {
    /// An invalidation with options: of one cache or of all, soft, or standing for writes at given positions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
    /// use forebay_cache::{Cache, Namespace};
    ///
    /// let shop = Namespace::local("shop");
    /// let users: Cache<u64, String> = Cache::builder("users").namespace(&shop).build()?;
    /// users.insert(&42, "Ada".to_owned()).await;
    /// shop.invalidator().cache("users").soft().prefix("4").await;
    /// assert!(users.peek(&42).is_none());
    /// # Ok(()) }
    /// ```
    pub fn invalidator(&self) -> NamespaceInvalidator<'_> {
        let positions = Scope::with_current(Scope::written).unwrap_or_default();
        NamespaceInvalidator { namespace: self, cache: None, strength: Strength::Hard, positions }
    }

    /// Forgets every value of every cache, here and on every node, fallbacks included. Carries the positions of the writes
    /// of the current scope; cancel safe like [`Namespace::invalidate`].
    pub async fn clear(&self) -> Reached {
        self.invalidator().clear().await
    }

    /// Forgets every value that carries `tag`; see [`Namespace::clear`].
    pub async fn invalidate_tag(&self, tag: &Tag) -> Reached {
        self.invalidator().tag(tag).await
    }

    /// Forgets every value that carries one of `tags`; see [`Namespace::clear`].
    pub async fn invalidate_tags(&self, tags: &[Tag]) -> Reached {
        self.invalidator().tags(tags).await
    }

    /// Forgets every value, of any cache, whose key's [text](CacheKey::text) begins with `prefix`; see
    /// [`Namespace::clear`].
    pub async fn invalidate_prefix(&self, prefix: &str) -> Reached {
        self.invalidator().prefix(prefix).await
    }

    /// Forgets every value, of any cache, whose key's [text](CacheKey::text) matches `pattern`; see [`Namespace::clear`].
    pub async fn invalidate_pattern(&self, pattern: impl Into<Pattern>) -> Reached {
        self.invalidator().pattern(pattern).await
    }
}
