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

/// Prepared statements by text; the least recently used one leaves first and is closed on the server.
///
/// The text alone is the key: parameter types are never given, and the server itself plans a kept statement anew
/// when the `search_path` is another one than it was prepared under (PostgreSQL's `RevalidateCachedQuery`). If that
/// changes the result's columns it says so, like after any change of the schema.
#[derive(Debug)]
pub(crate) struct Statements {
    max: usize,
    pub(crate) epoch: Epoch,
    /// The epoch of the types the driver remembers.
    types: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_text: HashMap<Box<str>, Entry, RandomState>,
    /// Counts look-ups: a larger number was used later.
    uses: u64,
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
    pub(crate) fn new(max: usize, epoch: Epoch) -> Self {
        Self { max, types: AtomicU64::new(epoch.now()), epoch, kept: Mutex::default() }
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
        let left = {
            let mut kept = self.kept();
            let used = kept.uses;
            let mut left = None;
            if kept.by_text.len() >= self.max && !kept.by_text.contains_key(sql) {
                // A scan is enough: it runs once per statement prepared, which costs a round trip.
                let oldest =
                    kept.by_text.iter().min_by_key(|(_, entry)| entry.used).map(|(text, _)| text.clone());
                left = oldest.and_then(|text| kept.by_text.remove(&text));
            }
            (left, kept.by_text.insert(sql.into(), Entry { prepared: Arc::clone(&prepared), used }))
        };
        // Dropped outside of the lock: it sends a message to the server.
        drop(left);
        prepared
    }

    /// Forgets a statement that the server does not accept, unless another took its place.
    pub(crate) fn forget(&self, sql: &str, gone: &Arc<Prepared>) {
        let left = {
            let mut kept = self.kept();
            let is_it = kept.by_text.get(sql).is_some_and(|entry| Arc::ptr_eq(&entry.prepared, gone));
            if is_it { kept.by_text.remove(sql) } else { None }
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
