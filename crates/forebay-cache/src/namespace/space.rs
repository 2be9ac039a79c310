use super::{ledger::Ledger, tags::TagCell};
use crate::{CacheError, Invalidation, Strength, Target};
use forebay_scope::{Positions, Tag};
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

/// A set of caches that share their tags and their chain of invalidations. Cloning is one reference count.
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
    name: Box<str>,
    /// `ledger.changes`, for hits: read without the lock, written under it and last of all, so that who reads a
    /// count finds everything up to it applied.
    changes: AtomicU64,
    pub(super) ledger: Mutex<Ledger>,
    members: Mutex<HashMap<Box<str>, Weak<dyn Member>>>,
}

/// A cache, as its namespace sees it.
pub(crate) trait Member: Send + Sync {
    /// Forgets the entry of the key with these bytes, and ends its flight.
    fn forget(&self, key: &[u8], strength: Strength);

    /// Forgets every entry whose load began before the local change `change`.
    fn forget_all(&self, change: u64, strength: Strength);
}

/// How far an invalidation has got when the call returns. On this node it holds in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It has its number: every other node hears of it, or notices that it missed something.
    Everywhere,
    /// The backplane does not answer. The invalidation is queued and goes out when it does; until then this node
    /// does not trust its remote tiers, and other nodes follow their own bound for a silent backplane.
    Here,
}

impl Namespace {
    /// How many tags, and how many single keys, a namespace remembers invalidations of.
    const REMEMBERED: usize = 65_536;

    /// A namespace of this process alone: no other node shares it.
    #[must_use]
    pub fn local(name: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            changes: AtomicU64::new(0),
            ledger: Mutex::new(Ledger::new(Self::REMEMBERED, Self::REMEMBERED)),
            members: Mutex::default(),
        }))
    }

    /// The namespace's name: the first part of every key in a remote tier.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Invalidates in every cache of the namespace, and on every node that shares it.
    ///
    /// Cancel safe: once polled the invalidation happens, whether or not the future is polled to its end.
    pub async fn invalidate(&self, invalidation: Invalidation) -> Reached {
        self.apply(&invalidation, None);
        Reached::Everywhere
    }

    /// The node's count of applied invalidations.
    #[inline]
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    pub(crate) fn cells(&self, tags: &[Tag]) -> Vec<Arc<TagCell>> {
        if tags.is_empty() { Vec::new() } else { self.ledger().cells(tags) }
    }

    pub(crate) fn required(&self, key: &[u8], declared: &[Tag]) -> Positions {
        self.ledger().required(key, declared)
    }

    /// Adds a cache under its name.
    pub(crate) fn join(&self, name: &str, member: Weak<dyn Member>) -> Result<(), CacheError> {
        let mut members = self.members();
        if members.get(name).is_some_and(|taken| taken.strong_count() > 0) {
            return Err(CacheError::NameTaken(name.to_owned()));
        }
        members.insert(name.into(), member);
        Ok(())
    }

    pub(super) fn apply(&self, invalidation: &Invalidation, number: Option<u64>) {
        let Invalidation { target, strength, .. } = invalidation;
        // Dropped after the lock: the last reference to a cache drops its values, which is the user's code.
        let mut cleared = Vec::new();
        {
            let mut ledger = self.ledger();
            let change = ledger.apply(invalidation, number);
            if let Target::Clear(cache) = target {
                cleared = self.members_named(cache.as_deref());
                for member in &cleared {
                    member.forget_all(change, *strength);
                }
            }
            self.0.changes.store(change, Ordering::Release);
        }
        drop(cleared);
        if let Target::Key(key) = target
            && let Some((cache, key)) = split_key(key)
        {
            // Outside of the ledger's lock: what is forgotten is dropped, and a value's drop is the user's code.
            let member = self.members().get(cache).and_then(Weak::upgrade);
            if let Some(member) = member {
                member.forget(key, *strength);
            }
        }
    }

    fn members_named(&self, only: Option<&str>) -> Vec<Arc<dyn Member>> {
        let members = self.members();
        let chosen = members.iter().filter(|(name, _)| only.is_none_or(|only| only == &***name));
        chosen.filter_map(|(_, member)| member.upgrade()).collect()
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Updates are monotone maxima; a panic between two of them leaves numbers that are too low for nobody.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn members(&self) -> MutexGuard<'_, HashMap<Box<str>, Weak<dyn Member>>> {
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cache's name and the key's bytes in `cache:key`.
fn split_key(full: &[u8]) -> Option<(&str, &[u8])> {
    let colon = full.iter().position(|byte| *byte == b':')?;
    let cache = std::str::from_utf8(&full[..colon]).ok()?;
    Some((cache, &full[colon + 1..]))
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace")
            .field("name", &self.0.name)
            .field("changes", &self.changes())
            .finish_non_exhaustive()
    }
}
