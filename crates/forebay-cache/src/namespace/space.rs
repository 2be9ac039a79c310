use super::{
    backplane::Backplane,
    builder::NamespaceBuilder,
    chain::Heard,
    counts::Counts,
    events::News,
    follow,
    ledger::{Judgement, Ledger},
    metrics::SpaceMeters,
    tags::TagCell,
    tombstones::Tombstones,
};
use crate::{
    CacheError, CacheEvent, CacheKey, CacheStats, Event, Explanation, GuardedTier, Invalidation, Missed,
    Mode, Stamp, Strength, Target,
    guards::{self, Guard},
    memory::Floors,
    pattern::Patterns,
};
use async_trait::async_trait;
use bytes::Bytes;
use forebay_scope::{Positions, Tag};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
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
    pub(super) members: Mutex<HashMap<Box<str>, Weak<dyn Member>>>,
    pub(super) tiers: Box<[GuardedTier]>,
    pub(super) tombstones: Tombstones,
    pub(super) tombstone_keep: Duration,
    pub(super) backplane: Option<Backplane>,
    pub(super) meters: SpaceMeters,
    pub(super) news: Arc<News>,
}

/// A cache, as its namespace sees it.
#[async_trait]
pub(crate) trait Member: Send + Sync {
    /// Forgets the entry of the key with these bytes, and ends its flight.
    fn forget(&self, key: &[u8], strength: Strength);

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

/// What is known when a load begins.
#[derive(Debug)]
pub(crate) struct Start {
    /// The node's count of invalidations.
    pub(crate) change: u64,
    /// Where the node stands in the chain; `None` while remote tiers may not be trusted.
    pub(crate) stamp: Option<Stamp>,
    /// What the load must read.
    pub(crate) required: Positions,
    /// Whether that is all that any invalidation of the namespace stands for.
    pub(crate) requires_all: bool,
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

    /// Why a read of `key` in the cache of this name would be answered, or not; `None` when the namespace has no such
    /// cache. Looks only; see [`Cache::explain`](crate::Cache::explain).
    pub async fn explain<K: CacheKey>(&self, cache: &str, key: &K) -> Option<Explanation> {
        let member = self.members().get(cache).and_then(Weak::upgrade)?;
        let bytes = key.with_bytes(Bytes::copy_from_slice);
        Some(member.explain(&bytes, &key.text()).await)
    }

    /// Changes whether the cache of this name takes part on this node; `false` when the namespace has no such cache.
    /// See [`Cache::set_mode`](crate::Cache::set_mode).
    pub fn set_mode(&self, cache: &str, mode: Mode) -> bool {
        let member = self.members().get(cache).and_then(Weak::upgrade);
        member.map(|member| self.set_mode_of(member, mode)).is_some()
    }

    /// The mode changes together with the count of invalidations: a load that began before stores what is not valid, and
    /// one that begins later finds the new mode.
    pub(crate) fn set_mode_of(&self, member: Arc<dyn Member>, mode: Mode) {
        let switched = member.clone();
        let next = |ledger: &mut Ledger| {
            switched.set_mode(mode);
            ledger.changes += 1;
            Some(ledger.changes)
        };
        let _changed = self.change(next, |_| vec![member], Strength::Hard, false);
        switched.sweep();
    }

    /// Moves the count of invalidations on, so that each entry is judged anew; the new count.
    pub(crate) fn count_on(&self) -> u64 {
        let mut counted = 0;
        let next = |ledger: &mut Ledger| {
            ledger.changes += 1;
            counted = ledger.changes;
            Some(counted)
        };
        let _changed = self.change(next, |_| Vec::new(), Strength::Soft, false);
        counted
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

    /// Sends what is queued, gives remote tiers a last chance to confirm their tombstones, stops following the
    /// backplane, and [ends the background work](crate::Cache::shutdown) of every cache of the namespace. Caches of the namespace go on answering from memory, bounded by their ttl alone.
    pub async fn shutdown(&self) {
        if let Some(backplane) = &self.0.backplane {
            let follower = backplane.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(follower) = follower {
                follower.abort();
            }
            follow::flush(self, backplane, usize::MAX).await;
        }
        self.0.tombstones.shutdown().await;
        let members = every_member(&self.members());
        for member in members {
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

    pub(crate) fn cells(&self, tags: &[Tag]) -> Vec<Arc<TagCell>> {
        if tags.is_empty() { Vec::new() } else { self.ledger().cells(tags) }
    }

    /// Begins a load of `key`, in full `full_key` (`cache:key`), that declares some tags; `open` when its value may bring
    /// others.
    pub(crate) fn start(
        &self,
        key: (&str, &impl CacheKey),
        full_key: &[u8],
        declared: &[Tag],
        open: bool,
    ) -> Start {
        let mut start = {
            let ledger = self.ledger();
            let cut_off = self.0.backplane.as_ref().is_some_and(Backplane::is_cut_off);
            Start {
                change: ledger.changes,
                stamp: ledger.chain.stamp().filter(|_| !cut_off),
                required: ledger.required(full_key, declared, open),
                requires_all: ledger.requires_all(declared, open),
            }
        };
        if !open {
            // A pattern that comes between the two hits this load anyway.
            self.0.patterns.required(key.0, || key.1.text(), &mut start.required);
        }
        if !guards::holds(Guard::Positions) {
            start.required = Positions::default();
        }
        start
    }

    /// What a load that depends on `tags` must have reached.
    pub(crate) fn positions_of(&self, tags: &[Tag]) -> Positions {
        let mut positions = Positions::default();
        if guards::holds(Guard::Positions) {
            self.ledger().required_by(tags, &mut positions);
        }
        positions
    }

    /// Whether an entry that a remote tier holds under `key` was hit by what the key looks like.
    pub(crate) fn hit_by_pattern(&self, (cache, key): (&str, &impl CacheKey), stamp: Stamp) -> bool {
        guards::holds(Guard::Judgement) && self.0.patterns.hit_after(cache, || key.text(), stamp.number)
    }

    /// Whether what is in memory serves only when a load fails, because the backplane is silent.
    pub(crate) fn is_bypassed(&self) -> bool {
        self.0.backplane.as_ref().is_some_and(Backplane::is_bypassed)
    }

    /// What of the namespace decides about entries of the cache `name` in memory.
    pub(crate) fn floors(&self, name: &str) -> Floors {
        Floors::new(name, self.0.patterns.clone())
    }

    /// Whether an entry of `cache` that a remote tier holds under `key` (`cache:key`) may be used, as far as it is not
    /// [hit by a pattern](Self::hit_by_pattern).
    pub(crate) async fn trusts(&self, cache: &str, key: &[u8], stamp: Stamp, tags: &[Tag]) -> bool {
        if !guards::holds(Guard::Judgement) {
            return true;
        }
        // A statement of its own: the lock is not held while waiting.
        let judgement = self.ledger().judge(cache, key, stamp, tags, None);
        match (judgement, &self.0.backplane) {
            (Judgement::Ask { asked_at }, Some(backplane)) => {
                let Some(newest) = backplane.newest(cache, key, tags).await else { return false };
                let mut ledger = self.ledger();
                ledger.learn(cache, tags, &newest, asked_at);
                ledger.judge(cache, key, stamp, tags, Some((&newest, asked_at))) == Judgement::Valid
            }
            (judgement, _) => judgement == Judgement::Valid,
        }
    }

    /// Adds a cache under its name, whose entries are of use for `kept` at most.
    pub(crate) fn join(
        &self,
        name: &str,
        kept: Option<Duration>,
        member: Weak<dyn Member>,
    ) -> Result<(), CacheError> {
        let mut members = self.members();
        if members.get(name).is_some_and(|taken| taken.strong_count() > 0) {
            return Err(CacheError::NameTaken(name.to_owned()));
        }
        members.insert(name.into(), member);
        drop(members);
        self.0.patterns.joined(kept);
        Ok(())
    }

    pub(super) fn apply(&self, invalidation: &Invalidation) {
        self.apply_with(invalidation, |ledger| Some(ledger.apply(invalidation, None)));
    }

    /// Applies an event unless it is known, or this node's own (`own`); returns what it was.
    ///
    /// The chain moves on together with what the event does: a load that takes the event's number as its stamp finds
    /// its effects.
    pub(super) fn apply_event(&self, event: &Event, own: bool) -> Heard {
        let Event { stamp, invalidation, .. } = event;
        let mut heard = Heard::Known;
        self.apply_with(invalidation, |ledger| {
            heard = ledger.chain.hear(event);
            (own || heard != Heard::Known).then(|| ledger.apply(invalidation, Some(stamp.number)))
        });
        heard
    }

    /// Applies an invalidation by `change`, which gives the new count, or `None` when there is nothing to do.
    pub(super) fn apply_with(
        &self,
        invalidation: &Invalidation,
        change: impl FnOnce(&mut Ledger) -> Option<u64>,
    ) {
        let Invalidation { target, strength, .. } = invalidation;
        let changed = self.change(
            change,
            |members| match target {
                Target::Clear(None) => members.values().filter_map(Weak::upgrade).collect(),
                Target::Clear(Some(cache)) => {
                    members.get(&**cache).and_then(Weak::upgrade).into_iter().collect()
                }
                Target::Key(_) | Target::Tag(_) | Target::Pattern { .. } => Vec::new(),
            },
            *strength,
            matches!(target, Target::Key(_) | Target::Tag(_)),
        );
        if changed
            && let Target::Key(key) = target
            && let Some((cache, key)) = split_key(key)
        {
            // Outside of the ledger's lock: what is forgotten is dropped, and a value's drop is the user's code.
            let member = self.members().get(cache).and_then(Weak::upgrade);
            if let Some(member) = member {
                member.forget(key, *strength);
            }
        }
    }

    /// Has remote tiers bury what they may hold under a key that took `stamp`; `false` when a tier owes too much to
    /// remember.
    pub(super) fn bury(&self, key: &Bytes, stamp: Stamp) -> bool {
        let member = split_key(key).and_then(|(cache, _)| self.members().get(cache).and_then(Weak::upgrade));
        // A cache that is not known here may well be in the tiers.
        let buried = member.is_none_or(|cache| cache.is_tiered());
        !buried || self.0.tombstones.bury(key, stamp)
    }

    /// An event that was missed: its place in the chain is known from the replay.
    pub(super) fn replay(&self, event: &Event) {
        if self.apply_event(event, false) != Heard::Known {
            self.0.meters.heard.increment(1);
            self.tell_of(&event.invalidation, Some(event.stamp));
        }
    }

    /// The node stands at `end` and cannot tell what it missed: what it holds is a mere fallback.
    pub(super) fn rejoin(&self, missed: &Missed) {
        self.0.meters.suspected.increment(1);
        self.tell(|| CacheEvent::Suspected);
        self.change(|ledger| Some(ledger.rejoin(missed)), every_member, Strength::Soft, false);
    }

    /// What the node holds may be out of date: it is a mere fallback.
    pub(super) fn suspect(&self) {
        self.0.meters.suspected.increment(1);
        self.tell(|| CacheEvent::Suspected);
        self.change(
            |ledger| {
                ledger.changes += 1;
                Some(ledger.changes)
            },
            every_member,
            Strength::Soft,
            false,
        );
    }

    /// Changes the ledger, tells the members it concerns, and publishes the new count last of all;
    /// whether there was a change. `of_tag_only` when it concerns no entry but those with a certain tag.
    fn change(
        &self,
        change: impl FnOnce(&mut Ledger) -> Option<u64>,
        concerned: impl FnOnce(&HashMap<Box<str>, Weak<dyn Member>>) -> Vec<Arc<dyn Member>>,
        strength: Strength,
        of_tag_only: bool,
    ) -> bool {
        let mut ledger = self.ledger();
        let Some(change) = change(&mut ledger) else { return false };
        let members = concerned(&self.members());
        for member in &members {
            member.forget_all(change, strength);
        }
        self.0.counts.applied(change, of_tag_only);
        drop(ledger);
        // After the lock: the last reference to a cache drops its values, which is the user's code.
        drop(members);
        true
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Updates are monotone maxima; a panic between two of them leaves numbers that are too low for nobody.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn every_member(&self) -> Vec<Arc<dyn Member>> {
        every_member(&self.members())
    }

    fn members(&self) -> MutexGuard<'_, HashMap<Box<str>, Weak<dyn Member>>> {
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn every_member(members: &HashMap<Box<str>, Weak<dyn Member>>) -> Vec<Arc<dyn Member>> {
    members.values().filter_map(Weak::upgrade).collect()
}

/// The cache's name and the key's bytes in `cache:key`.
pub(super) fn split_key(full: &[u8]) -> Option<(&str, &[u8])> {
    let colon = full.iter().position(|byte| *byte == b':')?;
    let cache = std::str::from_utf8(&full[..colon]).ok()?;
    Some((cache, &full[colon + 1..]))
}
