//! The prepared statements of one session, and the pool-wide count of schema changes they depend on.

use crate::{catalog::Judgement, counts::Tally, metrics::HEALED, pipelined::Pace};
use foldhash::fast::RandomState;
use forebay_metrics::Meter;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::OnceCell;
use tokio_postgres::Statement;

/// How many changes of the schema this pool has noticed. What was prepared before the last one is prepared anew
/// before it is used, on every session, instead of failing once on each.
#[derive(Debug, Clone)]
pub(crate) struct Epoch(Arc<Changes>);

#[derive(Debug)]
struct Changes {
    noticed: AtomicU64,
    /// Statements that ran again because of one.
    healed: Tally,
    /// Is told of each change as well.
    judgement: Arc<Judgement>,
}

impl Epoch {
    pub(crate) fn new(meter: &Meter, judgement: Arc<Judgement>) -> Self {
        let healed = Tally::new(meter.counter(&HEALED, &["schema"]));
        Self(Arc::new(Changes { noticed: AtomicU64::new(0), healed, judgement }))
    }

    fn now(&self) -> u64 {
        self.0.noticed.load(Ordering::Relaxed)
    }

    /// A statement that was stale was run again.
    pub(crate) fn note_healed(&self) {
        self.0.healed.increment(1);
    }

    /// How many were.
    pub(crate) fn healed(&self) -> u64 {
        self.0.healed.total()
    }

    /// A statement prepared at `seen` has turned out to be stale. The first of its epoch ends it; what fails later
    /// and was prepared in the same one tells of the same change.
    pub(crate) fn end(&self, seen: u64) {
        let noticed = &self.0.noticed;
        if noticed.compare_exchange(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.0.judgement.doubt();
        }
    }
}

/// How much a session keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) statements_max: usize,
    /// Of texts: what a server keeps of each, and the driver, grows with them.
    pub(crate) bytes_max: usize,
}

/// Prepared statements by text; the least recently used one leaves first and is closed on the server. A text that is longer
/// than all may be together is prepared for one use.
///
/// The text alone is the key: parameter types are never given, and the server itself plans a kept statement anew
/// when the `search_path` is another one than it was prepared under (PostgreSQL's `RevalidateCachedQuery`). If that
/// changes the result's columns it says so, like after any change of the schema.
#[derive(Debug)]
pub(crate) struct Statements {
    bounds: Bounds,
    pub(crate) epoch: Epoch,
    /// The epoch of the types the driver remembers.
    types: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_text: HashMap<Box<str>, Entry, RandomState>,
    /// Of all texts.
    bytes: usize,
    /// Counts look-ups: a larger number was used later.
    uses: u64,
}

impl Kept {
    /// Takes out the least recently used ones until there is room for a text.
    fn make_room(&mut self, sql: &str, bounds: Bounds) -> Vec<Entry> {
        let mut left = Vec::new();
        if self.by_text.contains_key(sql) {
            return left;
        }
        while self.by_text.len() >= bounds.statements_max || self.bytes + sql.len() > bounds.bytes_max {
            // A scan is enough: it runs once per statement prepared, which costs a round trip.
            let oldest =
                self.by_text.iter().min_by_key(|(_, entry)| entry.used).map(|(text, _)| text.clone());
            let Some(entry) = oldest.and_then(|text| self.remove(&text)) else { break };
            left.push(entry);
        }
        left
    }

    fn remove(&mut self, sql: &str) -> Option<Entry> {
        let entry = self.by_text.remove(sql)?;
        self.bytes -= sql.len();
        Some(entry)
    }
}

#[derive(Debug)]
struct Entry {
    prepared: Arc<Prepared>,
    used: u64,
}

/// One text that is prepared, or being prepared by whoever asked first.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Filled by one caller while the others wait; one that is dropped meanwhile leaves the task to the next.
    pub(crate) statement: OnceCell<Statement>,
    /// Running it leaves something in the session.
    pub(crate) leaves_something: bool,
    /// The pool's epoch before it was prepared.
    pub(crate) epoch: u64,
    /// How long it took of late, on a session that is shared.
    pub(crate) pace: Pace,
}

impl Statements {
    pub(crate) fn new(bounds: Bounds, epoch: Epoch) -> Self {
        Self { bounds, types: AtomicU64::new(epoch.now()), epoch, kept: Mutex::default() }
    }

    /// What is kept of a text since the last change of the schema that was noticed.
    pub(crate) fn get(&self, sql: &str) -> Option<Arc<Prepared>> {
        let epoch = self.epoch.now();
        let mut kept = self.kept();
        kept.uses += 1;
        let now = kept.uses;
        let entry = kept.by_text.get_mut(sql).filter(|entry| entry.prepared.epoch == epoch)?;
        entry.used = now;
        Some(Arc::clone(&entry.prepared))
    }

    /// A place for a text that [`Statements::get`] did not find; another caller may have made it meanwhile.
    pub(crate) fn reserve(&self, sql: &str, leaves_something: bool) -> Arc<Prepared> {
        if let Some(there) = self.get(sql) {
            return there;
        }
        let epoch = self.epoch.now();
        let prepared =
            Arc::new(Prepared { statement: OnceCell::new(), leaves_something, epoch, pace: Pace::default() });
        if !self.keeps(sql) {
            return prepared;
        }
        let mut kept = self.kept();
        let left = kept.make_room(sql, self.bounds);
        let entry = Entry { prepared: Arc::clone(&prepared), used: kept.uses };
        let before = kept.by_text.insert(sql.into(), entry);
        kept.bytes += if before.is_none() { sql.len() } else { 0 };
        drop(kept);
        // Dropped outside of the lock: each sends a message to the server.
        drop((left, before));
        prepared
    }

    /// Whether a text is not longer than all that are kept may be.
    pub(crate) const fn keeps(&self, sql: &str) -> bool {
        sql.len() <= self.bounds.bytes_max
    }

    /// Forgets a statement that the server does not accept, unless another took its place.
    pub(crate) fn forget(&self, sql: &str, gone: &Arc<Prepared>) {
        let left = {
            let mut kept = self.kept();
            let is_it = kept.by_text.get(sql).is_some_and(|entry| Arc::ptr_eq(&entry.prepared, gone));
            if is_it { kept.remove(sql) } else { None }
        };
        drop(left);
    }

    /// Whether the driver's memory of types is older than the last change of the schema. Asked once per change.
    pub(crate) fn types_are_old(&self) -> bool {
        let now = self.epoch.now();
        self.types.swap(now, Ordering::Relaxed) != now
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each update is complete before anything that could panic.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
