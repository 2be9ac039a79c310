use super::{
    backplane::Backplane, builder::NamespaceBuilder, counts::Counts, events::News, follow, ledger::Ledger,
    member::Members, metrics::SpaceMeters, tombstones::Tombstones,
};
use crate::{GuardedTier, pattern::Patterns};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A set of caches that share their tags, their remote tiers and their chain of invalidations. Cloning is one
/// reference count.
///
/// Every invalidation in a namespace takes the next number; entries remember how far the node had followed
/// when their load began. So a value whose load began before an invalidation that matches it is never served
/// after it, however the load and the invalidation interleave.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
/// use forebay_cache::{Cache, Namespace, Tag};
///
/// let shop = Namespace::local("shop");
/// let users: Cache<u64, String> = Cache::builder("users").namespace(&shop).build()?;
/// let pages: Cache<String, String> = Cache::builder("pages").namespace(&shop).build()?;
/// # drop(pages);
///
/// // Reaches the entries of every cache of the namespace that carry the tag.
/// users.invalidate_tag(&Tag::of("user", 7)).await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Namespace(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) name: Box<str>,
    /// `ledger.changes`, for hits.
    pub(super) counts: Counts,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) patterns: Arc<Patterns>,
    pub(super) members: Mutex<Members>,
    pub(super) tiers: Box<[GuardedTier]>,
    pub(super) tombstones: Tombstones,
    pub(super) tombstone_keep: Duration,
    pub(super) backplane: Option<Backplane>,
    pub(super) meters: SpaceMeters,
    pub(super) news: Arc<News>,
}

impl Namespace {
    /// Describes a namespace. Its name is the first part of every key in a remote tier.
    pub fn builder(name: impl Into<String>) -> NamespaceBuilder {
        NamespaceBuilder::new(name.into())
    }

    /// A namespace of this process alone, without remote tiers.
    #[must_use]
    pub fn local(name: impl Into<String>) -> Self {
        NamespaceBuilder::new(name.into()).assemble()
    }

    /// The namespace's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its remote tiers, from the nearest to the farthest.
    #[must_use]
    pub fn tiers(&self) -> &[GuardedTier] {
        &self.0.tiers
    }

    /// Waits until the node has joined the chain of invalidations. Until then memory works, remote tiers are not used,
    /// and invalidations are queued. Returns at once without a sequencer. Cancel safe.
    pub async fn ready(&self) {
        if let Some(backplane) = &self.0.backplane {
            let mut joined = backplane.joined.subscribe();
            // The sender lives as long as `self`, so this ends only when it is true.
            drop(joined.wait_for(|joined| *joined).await);
        }
    }

    /// Stops following the backplane, sends what is queued, gives remote tiers a last chance to confirm their tombstones, and
    /// [ends the background work](crate::Cache::shutdown) of every cache of the namespace. What could not be sent is said in
    /// the log.
    ///
    /// Caches of the namespace go on answering from memory, bounded by their ttl alone, and no longer look into remote tiers,
    /// whose entries nobody could judge.
    pub async fn shutdown(&self) {
        if let Some(backplane) = &self.0.backplane {
            backplane.end();
            while backplane.has_queued() {
                if !follow::flush(self, backplane).await {
                    let (namespace, lost) = (self.name(), backplane.queued());
                    tracing::warn!(namespace, lost, "invalidations that other nodes will not hear of");
                    break;
                }
            }
        }
        self.0.tombstones.shutdown().await;
        for member in self.every_member() {
            member.shutdown().await;
        }
    }

    /// How far this node has followed the chain without a gap.
    #[cfg(feature = "test-util")]
    pub(crate) fn applied(&self) -> Option<crate::Mark> {
        self.ledger().chain.applied()
    }

    /// The node's count of applied invalidations.
    #[inline]
    pub(crate) fn changes(&self) -> u64 {
        self.0.counts.every()
    }

    /// The node's counts of applied invalidations.
    #[inline]
    pub(crate) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    pub(crate) fn tombstone_keep(&self) -> Duration {
        self.0.tombstone_keep
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Updates are monotone maxima; a panic between two of them leaves numbers that are too low for nobody.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
