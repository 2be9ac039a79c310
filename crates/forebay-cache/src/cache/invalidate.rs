use super::handle::Cache;
use crate::{CacheKey, Invalidation, Pattern, Reached, Strength, Target};
use forebay_scope::{Position, Positions, Scope, Tag};

/// An invalidation with options; made by [`Cache::invalidator`].
#[derive(Debug)]
#[must_use = "nothing happens until `key`, `tag`, `tags`, `prefix`, `pattern` or `clear` is called and awaited"]
pub struct Invalidator<'a, K, V> {
    cache: &'a Cache<K, V>,
    strength: Strength,
    positions: Positions,
}

impl<'a, K: CacheKey, V: Send + Sync + 'static> Invalidator<'a, K, V> {
    pub(super) fn new(cache: &'a Cache<K, V>) -> Self {
        let positions = Scope::with_current(Scope::written).unwrap_or_default();
        Self { cache, strength: Strength::Hard, positions }
    }

    /// Keeps what is forgotten as a fallback, within the cache's stale-if-error window. Default: it is gone.
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

    /// Forgets one key.
    pub async fn key(self, key: &K) -> Reached {
        let target = Target::Key(self.cache.0.full_key(key));
        self.issue([target]).await
    }

    /// Forgets several keys, in one round trip.
    pub async fn keys<'k>(self, keys: impl IntoIterator<Item = &'k K>) -> Reached {
        let inner = &self.cache.0;
        let targets: Vec<Target> = keys.into_iter().map(|key| Target::Key(inner.full_key(key))).collect();
        self.issue(targets).await
    }

    /// Forgets every value of the namespace that carries `tag`.
    pub async fn tag(self, tag: &Tag) -> Reached {
        self.issue([Target::Tag(tag.clone())]).await
    }

    /// Forgets every value of the namespace that carries one of `tags`.
    pub async fn tags(self, tags: &[Tag]) -> Reached {
        let targets: Vec<Target> = tags.iter().cloned().map(Target::Tag).collect();
        self.issue(targets).await
    }

    /// Forgets every value of this cache whose key's [text](CacheKey::text) begins with `prefix`.
    pub async fn prefix(self, prefix: &str) -> Reached {
        self.pattern(Pattern::prefix(prefix)).await
    }

    /// Forgets every value of this cache whose key's [text](CacheKey::text) matches `pattern`.
    pub async fn pattern(self, pattern: impl Into<Pattern>) -> Reached {
        let (cache, pattern) = (Some(self.cache.0.name.clone()), pattern.into());
        self.issue([Target::Pattern { cache, pattern }]).await
    }

    /// Forgets every value of this cache.
    pub async fn clear(self) -> Reached {
        let target = Target::Clear(Some(self.cache.0.name.clone()));
        self.issue([target]).await
    }

    async fn issue(&self, targets: impl IntoIterator<Item = Target>) -> Reached {
        let invalidations = targets.into_iter().map(|target| {
            self.cache.0.meters.invalidations.increment(1);
            Invalidation { target, strength: self.strength, positions: self.positions.clone() }
        });
        self.cache.0.namespace.invalidate_all(invalidations).await
    }
}
