use super::space::Namespace;
use crate::{CacheError, CacheKey, CacheStats, Explanation, Mode, Strength};
use async_trait::async_trait;
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError, Weak},
    time::Duration,
};

/// A cache, as its namespace sees it.
#[async_trait]
pub(crate) trait Member: Send + Sync {
    /// Forgets the entry of the key with these bytes and ends its flight, if `change` says so; while that runs nobody stores
    /// anything under the key.
    fn forget(&self, key: &[u8], strength: Strength, change: &mut dyn FnMut() -> bool);

    /// Forgets every entry whose load began before the local change `change`.
    fn forget_all(&self, change: u64, strength: Strength);

    /// What it did.
    fn stats(&self) -> CacheStats;

    /// Whether it takes part from now on.
    fn set_mode(&self, mode: Mode);

    /// Drops what can never be served again.
    fn sweep(&self);

    /// Whether its entries are in remote tiers as well.
    fn is_tiered(&self) -> bool;

    /// Why the key with these bytes and this text would be answered, or not.
    async fn explain(&self, key: &[u8], text: &str) -> Explanation;

    /// Waits for its background work, and takes no more.
    async fn shutdown(&self);
}

/// The caches of a namespace, by name.
pub(super) type Members = HashMap<Box<str>, Weak<dyn Member>>;

impl Namespace {
    /// Why a read of `key` in the cache of this name would be answered, or not; `None` when the namespace has no such
    /// cache. Looks only; see [`Cache::explain`](crate::Cache::explain).
    pub async fn explain<K: CacheKey>(&self, cache: &str, key: &K) -> Option<Explanation> {
        let member = self.member(cache)?;
        let bytes = key.with_bytes(Bytes::copy_from_slice);
        Some(member.explain(&bytes, &key.text()).await)
    }

    /// Changes whether the cache of this name takes part on this node; `false` when the namespace has no such cache.
    /// See [`Cache::set_mode`](crate::Cache::set_mode).
    pub fn set_mode(&self, cache: &str, mode: Mode) -> bool {
        self.member(cache).map(|member| self.set_mode_of(member, mode)).is_some()
    }

    /// Adds a cache under its name, whose entries are of use for `kept` at most.
    pub(crate) fn join(
        &self,
        name: &str,
        kept: Option<Duration>,
        member: Weak<dyn Member>,
    ) -> Result<(), CacheError> {
        let mut members = self.members();
        members.retain(|_, member| member.strong_count() > 0);
        if members.contains_key(name) {
            return Err(CacheError::NameTaken(name.to_owned()));
        }
        members.insert(name.into(), member);
        drop(members);
        self.0.patterns.joined(kept);
        Ok(())
    }

    pub(super) fn member(&self, name: &str) -> Option<Arc<dyn Member>> {
        self.members().get(name).and_then(Weak::upgrade)
    }

    pub(super) fn every_member(&self) -> Vec<Arc<dyn Member>> {
        every_member(&self.members())
    }

    pub(super) fn members(&self) -> MutexGuard<'_, Members> {
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn every_member(members: &Members) -> Vec<Arc<dyn Member>> {
    members.values().filter_map(Weak::upgrade).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cache;

    #[test]
    fn caches_that_are_gone_are_not_remembered() {
        let space = Namespace::local("shop");
        for name in ["a", "b", "c"] {
            drop(Cache::<u32, u32>::builder(name).namespace(&space).build());
        }
        assert_eq!(space.members().len(), 1);
    }
}
