use super::{Pattern, index::Index};
use crate::{Invalidation, LivePatterns, Strength, Target};
use forebay_scope::Positions;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// The patterns that were invalidated and may still hit something, at most `max` of them; shared by a namespace and its
/// caches.
///
/// The oldest goes first. What it knew becomes the floor of its cache: whatever was not checked against it by then counts
/// as hit. So forgetting means more misses, never a stale value.
#[derive(Debug)]
pub(crate) struct Patterns {
    /// The newest node-local number any pattern took, soft or hard: who was checked at it need not look further.
    latest: AtomicU64,
    /// The newest number any pattern took in the namespace's chain, or was forgotten with.
    latest_number: AtomicU64,
    /// Whether any pattern stands for a write.
    positioned: AtomicBool,
    table: RwLock<Table>,
}

#[derive(Debug)]
struct Table {
    /// Of patterns that are about every cache.
    all: OfCache,
    caches: HashMap<Box<str>, OfCache>,
    /// By their turn, the oldest first.
    order: BTreeMap<u64, Placed>,
    /// How often a pattern was invalidated.
    turn: u64,
    max: usize,
    /// How long an entry can be of any use, as the caches are configured; `None` until there is a cache.
    kept_max: Option<Duration>,
}

/// A pattern that is live.
#[derive(Debug)]
struct Placed {
    since: Instant,
    cache: Option<Box<str>>,
    pattern: Pattern,
}

#[derive(Debug, Default)]
struct OfCache {
    index: Index<Mark>,
    /// What is known of the patterns that were forgotten.
    floor: Mark,
}

/// What is known of a pattern.
#[derive(Debug, Default, Clone)]
struct Mark {
    /// The node-local number of the newest invalidation, soft or hard.
    soft: u64,
    /// The same for hard ones.
    hard: u64,
    /// The newest invalidation in the namespace's chain of numbers.
    number: u64,
    /// What reloads must have read.
    positions: Positions,
    /// Its place in `Table::order`.
    turn: u64,
}

impl Patterns {
    pub(crate) fn new(max: usize) -> Self {
        let table = Table {
            all: OfCache::default(),
            caches: HashMap::new(),
            order: BTreeMap::new(),
            turn: 0,
            max,
            kept_max: None,
        };
        Self {
            latest: AtomicU64::new(0),
            latest_number: AtomicU64::new(0),
            positioned: AtomicBool::new(false),
            table: RwLock::new(table),
        }
    }

    /// A cache whose entries are of use for `kept` at most (`None`: for ever) takes part. A pattern that is older than any
    /// entry can be is forgotten, which then costs nothing.
    pub(crate) fn joined(&self, kept: Option<Duration>) {
        let mut table = self.write();
        table.kept_max = table.kept_max.max(Some(kept.unwrap_or(Duration::MAX)));
    }

    /// Marks keys of `cache` (`None`: of every cache) that match `pattern` as hit by the local change `change`, in place
    /// `number` of the chain if it has one; returns how many patterns are live.
    pub(crate) fn invalidated(
        &self,
        (cache, pattern): (Option<&str>, &Pattern),
        invalidation: &Invalidation,
        change: u64,
        number: Option<u64>,
    ) -> usize {
        let mut table = self.write();
        let mark = table.mark(cache, pattern);
        mark.soft = mark.soft.max(change);
        if invalidation.strength == Strength::Hard {
            mark.hard = mark.hard.max(change);
        }
        mark.number = mark.number.max(number.unwrap_or(0));
        mark.positions.merge_all(&invalidation.positions);
        table.forget_old();
        self.latest.fetch_max(change, Ordering::AcqRel);
        self.latest_number.fetch_max(number.unwrap_or(0), Ordering::AcqRel);
        self.positioned.fetch_or(!invalidation.positions.is_empty(), Ordering::AcqRel);
        table.order.len()
    }

    /// How hard patterns hit the key of `cache` with this text after the local change `since`; `None` when none did.
    #[inline]
    pub(crate) fn hit<'t>(
        &self,
        cache: &str,
        text: impl FnOnce() -> Cow<'t, str>,
        since: u64,
    ) -> Option<Strength> {
        if self.latest.load(Ordering::Acquire) <= since { None } else { self.look(cache, text, since) }
    }

    fn look<'t>(&self, cache: &str, text: impl FnOnce() -> Cow<'t, str>, since: u64) -> Option<Strength> {
        let (mut soft, mut hard) = (false, false);
        let later = |mark: &Mark| mark.soft > since;
        self.of_interest(cache, text, later, |mark| {
            soft = true;
            hard |= mark.hard > since;
        });
        soft.then_some(if hard { Strength::Hard } else { Strength::Soft })
    }

    /// Whether a pattern that matches the key of `cache` with this text has a number above `number` in the chain, or one that is no longer
    /// remembered may have.
    pub(crate) fn hit_after<'t>(
        &self,
        cache: &str,
        text: impl FnOnce() -> Cow<'t, str>,
        number: u64,
    ) -> bool {
        let mut hit = false;
        if self.latest_number.load(Ordering::Acquire) > number {
            self.of_interest(cache, text, |mark| mark.number > number, |_| hit = true);
        }
        hit
    }

    /// Adds what a load of the key of `cache` with this text must have read.
    pub(crate) fn required<'t>(
        &self,
        cache: &str,
        text: impl FnOnce() -> Cow<'t, str>,
        into: &mut Positions,
    ) {
        if self.positioned.load(Ordering::Acquire) {
            let positioned = |mark: &Mark| !mark.positions.is_empty();
            self.of_interest(cache, text, positioned, |mark| into.merge_all(&mark.positions));
        }
    }

    /// The newest number that hit the key of `cache` with this text, in this node's count and in the chain; nothing is 0.
    pub(crate) fn newest<'t>(&self, cache: &str, text: impl FnOnce() -> Cow<'t, str>) -> (u64, u64) {
        let mut newest = (0, 0);
        let newer = |mark: &Mark| newest = (newest.0.max(mark.soft), newest.1.max(mark.number));
        self.of_interest(cache, text, |_| true, newer);
        newest
    }

    /// From here on only `live` is known of the chain.
    pub(crate) fn rejoin(&self, live: &LivePatterns) {
        let mut table = self.write();
        table.all.forget_chain(live.floor);
        for of_cache in table.caches.values_mut() {
            // The floor of all caches covers each.
            of_cache.forget_chain(0);
        }
        let mut newest = live.floor;
        for (target, number) in &live.newest {
            if let Target::Pattern { cache, pattern } = target {
                table.mark(cache.as_deref(), pattern).number = *number;
                newest = newest.max(*number);
                table.forget_old();
            }
        }
        self.latest_number.store(newest, Ordering::Release);
    }

    /// Calls `found` with what is known of the patterns that match the key of `cache` with this text, and of those that were
    /// forgotten, as far as that is `of_interest`.
    fn of_interest<'t>(
        &self,
        cache: &str,
        text: impl FnOnce() -> Cow<'t, str>,
        of_interest: impl Fn(&Mark) -> bool,
        mut found: impl FnMut(&Mark),
    ) {
        let compares = self.read().of(cache).any(|of_cache| !of_cache.index.is_empty());
        // Outside of the lock, because it is the user's code. Whoever asks began before a pattern that comes now, which
        // need not be compared.
        let text = compares.then(text);
        for of_cache in self.read().of(cache) {
            if of_interest(&of_cache.floor) {
                found(&of_cache.floor);
            }
            if let Some(text) = &text {
                of_cache.index.matching(text, &of_interest, &mut found);
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        // Updates are monotone maxima, and a mark that was moved half way is found by its pattern still.
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Caches whose patterns are told apart; events may name caches of other programs.
    const CACHES_MAX: usize = 1024;

    /// The mark of a pattern, made if need be, as the newest of all.
    fn mark(&mut self, cache: Option<&str>, pattern: &Pattern) -> &mut Mark {
        // Without room the pattern is taken to be about every cache.
        let cache =
            cache.filter(|cache| self.caches.len() < Self::CACHES_MAX || self.caches.contains_key(*cache));
        self.turn += 1;
        let of_cache = match cache {
            Some(cache) => self.caches.entry(cache.into()).or_default(),
            None => &mut self.all,
        };
        if of_cache.index.get_mut(pattern).is_none() {
            of_cache.index.insert(pattern.clone(), Mark::default());
        }
        let mark = of_cache.index.get_mut(pattern).expect("it was inserted if it was not there");
        self.order.remove(&mark.turn);
        let placed = Placed { since: Instant::now(), cache: cache.map(Box::from), pattern: pattern.clone() };
        self.order.insert(self.turn, placed);
        mark.turn = self.turn;
        mark
    }

    /// Forgets patterns there is no room for, and those that are older than any entry can be.
    fn forget_old(&mut self) {
        while let Some(oldest) = self.order.first_entry() {
            let outlived = self.kept_max.is_some_and(|kept| oldest.get().since.elapsed() > kept);
            if self.order.len() <= self.max && !outlived {
                break;
            }
            let Some((_, Placed { cache, pattern, .. })) = self.order.pop_first() else { break };
            let of_cache = match cache {
                Some(cache) => self.caches.entry(cache).or_default(),
                None => &mut self.all,
            };
            if let Some(mark) = of_cache.index.remove(&pattern) {
                of_cache.floor.raise(&mark);
            }
        }
    }

    /// What is known of the patterns that are about `cache`.
    fn of(&self, cache: &str) -> impl Iterator<Item = &OfCache> {
        self.caches.get(cache).into_iter().chain([&self.all])
    }
}

impl OfCache {
    fn forget_chain(&mut self, floor: u64) {
        self.floor.number = floor;
        for mark in self.index.values_mut() {
            mark.number = 0;
        }
    }
}

impl Mark {
    fn raise(&mut self, other: &Self) {
        self.soft = self.soft.max(other.soft);
        self.hard = self.hard.max(other.hard);
        self.number = self.number.max(other.number);
        self.positions.merge_all(&other.positions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalidate(table: &Patterns, cache: &str, pattern: &str, change: u64, strength: Strength) {
        let target = (Some(cache), &Pattern::new(pattern));
        let positions = Positions::default();
        let invalidation = Invalidation { target: Target::Clear(None), strength, positions };
        table.invalidated(target, &invalidation, change, Some(change * 10));
    }

    #[test]
    fn a_key_is_hit_by_what_matches_it_and_came_later() {
        let table = Patterns::new(8);
        invalidate(&table, "users", "7:*", 3, Strength::Soft);
        invalidate(&table, "users", "*:page", 4, Strength::Hard);
        let key = || Cow::Borrowed("7:page");
        assert_eq!(table.hit("users", key, 2), Some(Strength::Hard));
        assert_eq!(table.hit("users", || "7:x".into(), 2), Some(Strength::Soft));
        assert_eq!(table.hit("users", || "7:x".into(), 3), None);
        assert_eq!(table.hit("other", key, 2), None);
        assert!(table.hit_after("users", key, 39) && !table.hit_after("users", key, 40));
    }

    #[test]
    fn a_pattern_that_was_forgotten_hits_every_key_of_its_cache() {
        let table = Patterns::new(1);
        invalidate(&table, "users", "7:*", 3, Strength::Hard);
        invalidate(&table, "other", "x", 4, Strength::Soft);
        assert_eq!(table.hit("users", || "9".into(), 2), Some(Strength::Hard));
        assert_eq!(table.hit("users", || "9".into(), 3), None, "it was checked before");
        assert!(table.hit_after("users", || "9".into(), 29) && !table.hit_after("other", || "9".into(), 0));
    }

    #[test]
    fn one_that_is_invalidated_again_is_the_newest() {
        let table = Patterns::new(2);
        for (pattern, change) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            invalidate(&table, "users", pattern, change, Strength::Hard);
        }
        assert!(table.hit("users", || "other".into(), 1).is_some(), "`b` went");
        assert_eq!(table.hit("users", || "other".into(), 2), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pattern_older_than_any_entry_is_forgotten() {
        let table = Patterns::new(8);
        table.joined(Some(Duration::from_secs(60)));
        invalidate(&table, "users", "a", 1, Strength::Hard);
        tokio::time::advance(Duration::from_secs(61)).await;
        invalidate(&table, "users", "b", 2, Strength::Hard);
        assert_eq!(table.read().order.len(), 1);
        table.joined(None);
        tokio::time::advance(Duration::from_secs(61)).await;
        invalidate(&table, "users", "c", 3, Strength::Hard);
        assert_eq!(table.read().order.len(), 2, "a cache keeps entries for ever");
    }

    #[test]
    fn who_joins_a_chain_knows_what_it_was_told() {
        let table = Patterns::new(8);
        invalidate(&table, "users", "7:*", 3, Strength::Hard);
        let target = Target::Pattern { cache: None, pattern: Pattern::new("8:*") };
        table.rejoin(&LivePatterns { floor: 5, newest: vec![(target, 9)] });
        assert!(!table.hit_after("users", || "7:a".into(), 5), "of the chain that was left");
        assert!(table.hit_after("users", || "7:a".into(), 4), "below the floor");
        assert!(
            table.hit_after("users", || "8:a".into(), 8) && !table.hit_after("users", || "8:a".into(), 9)
        );
        assert!(table.hit("users", || "7:a".into(), 2).is_some(), "what memory knows stays");
    }
}
