use super::{
    judge::judge,
    meters::Meters,
    repetition::Repetition,
    seen::{Call, Seen},
    settings::{NPlusOneConfig, Strict},
    text::Texts,
};
use forebay_metrics::Meter;
use forebay_pool::{Outcome, QueryEvent, QueryObserver};
use forebay_scope::{Scope, Slot};
use serde::Serialize;
use std::{
    cmp::Reverse,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

/// Finds what requests ask for again and again: an observer of the pool. Cloning is one reference count.
///
/// A request is what runs in a [`Scope`]; it is judged when its scope has ended. Values are kept as
/// [marks](forebay_pool::Mark) only, so that it works with values that are hidden from observers, and for no longer than their
/// request.
///
/// ```no_run
/// use forebay_plan::{NPlusOneConfig, NPlusOneDetector};
/// use forebay_pool::{Pool, PoolConfig};
/// use std::sync::Arc;
///
/// # async fn example() -> Result<(), forebay_pool::PoolError> {
/// let detector = NPlusOneDetector::new(NPlusOneConfig::default());
/// let config = PoolConfig::from_url("postgres://app@db-1/shop")?;
/// let pool = Pool::builder(config).observer(Arc::new(detector.clone())).build().await?;
///
/// forebay_scope::Scope::new().run(async { /* the request */ }).await;
/// detector.assert_none();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct NPlusOneDetector(Arc<Inner>);

struct Inner {
    settings: NPlusOneConfig,
    slot: Slot<Request>,
    texts: Texts,
    meters: Meters,
    counts: Counts,
    found: Mutex<Vec<Repetition>>,
}

#[derive(Default)]
struct Counts {
    watched: AtomicUsize,
    requests: AtomicU64,
    statements: AtomicU64,
    unattributed: AtomicU64,
    unwatched: AtomicU64,
    beyond: AtomicU64,
    findings_beyond: AtomicU64,
}

/// What the detector has seen since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NPlusOneStatus {
    /// Requests that were watched to their end.
    pub requests: u64,
    /// Statements that were looked at.
    pub statements: u64,
    /// Statements outside of any scope: nobody knows which request they belong to, so nothing can be said about them.
    pub unattributed: u64,
    /// Statements of requests that were not watched: not among the sampled ones, or too many at the same time.
    pub unwatched: u64,
    /// Statements of watched requests beyond what is kept of one.
    pub beyond: u64,
    /// Different findings that are not kept, because there were too many.
    pub findings_beyond: u64,
}

/// The statements of one request, until it ends.
struct Request {
    detector: Arc<Inner>,
    began: Instant,
    /// `None`: it is one too many.
    seen: Option<Mutex<Seen>>,
}

impl NPlusOneDetector {
    /// A detector that nobody has told anything yet, and that measures itself with the process-wide recorder.
    #[must_use]
    pub fn new(settings: NPlusOneConfig) -> Self {
        Self::measured(settings, &Meter::default())
    }

    /// One that measures itself with `meter`.
    #[must_use]
    pub fn measured(settings: NPlusOneConfig, meter: &Meter) -> Self {
        Self(Arc::new(Inner {
            settings,
            slot: Slot::new(),
            texts: Texts::new(),
            meters: Meters::new(meter),
            counts: Counts::default(),
            found: Mutex::default(),
        }))
    }

    /// What was found in requests that have ended, that which would save most first.
    #[must_use]
    pub fn findings(&self) -> Vec<Repetition> {
        let mut found = self.0.found().clone();
        found.sort_by_key(|repetition| Reverse(repetition.saved_in_all));
        found
    }

    /// [`NPlusOneDetector::findings`], which are then forgotten.
    #[must_use]
    pub fn take(&self) -> Vec<Repetition> {
        let mut found = std::mem::take(&mut *self.0.found());
        found.sort_by_key(|repetition| Reverse(repetition.saved_in_all));
        found
    }

    /// What the request of a scope that goes on has asked for too often up to now.
    #[must_use]
    pub fn look(&self, scope: &Scope) -> Vec<Repetition> {
        scope.find(&self.0.slot).map_or_else(Vec::new, |request| request.judge())
    }

    /// For the end of a test.
    ///
    /// # Panics
    /// When something was found, in requests that have ended or in the current scope, with all of it; and when only statements
    /// outside of any scope were seen, because then nothing was looked at.
    #[track_caller]
    pub fn assert_none(&self) {
        let mut found = self.findings();
        found.extend(Scope::current().map_or_else(Vec::new, |scope| self.look(&scope)));
        let list: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{} found:\n\n{}\n", found.len(), list.join("\n\n"));
        let status = self.status();
        assert!(
            status.statements > 0 || status.unattributed == 0,
            "none of the {} statements ran in a scope, so nothing was looked at: run the test in `Scope::new().run(…)`",
            status.unattributed
        );
    }

    /// What it has seen.
    #[must_use]
    pub fn status(&self) -> NPlusOneStatus {
        let counts = &self.0.counts;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        NPlusOneStatus {
            requests: of(&counts.requests),
            statements: of(&counts.statements),
            unattributed: of(&counts.unattributed),
            unwatched: of(&counts.unwatched),
            beyond: of(&counts.beyond),
            findings_beyond: of(&counts.findings_beyond),
        }
    }
}

impl QueryObserver for NPlusOneDetector {
    /// # Panics
    /// Where [`Strict::Panic`] is set, at the line that asks too often.
    fn observe(&self, event: &QueryEvent<'_>) {
        let inner = &self.0;
        let request = Scope::with_current(|scope| {
            inner.samples(scope).then(|| scope.slot(&inner.slot, || inner.request()))
        });
        let (counts, meters) = (&inner.counts, &inner.meters);
        let (count, meter) = match &request {
            None => (&counts.unattributed, &meters.unattributed),
            Some(Some(request)) if request.seen.is_some() => (&counts.statements, &meters.seen),
            Some(_) => (&counts.unwatched, &meters.unwatched),
        };
        count.fetch_add(1, Ordering::Relaxed);
        meter.increment(1);
        let Some(request) = request.flatten().filter(|_| event.outcome == Outcome::Done) else { return };
        request.note(event);
        if inner.settings.strict == Strict::Panic
            && let [first, ..] = &request.judge()[..]
        {
            panic!("{first}");
        }
    }
}

impl Inner {
    /// Requests are numbered, and what is done for each may be so as well: the number is stirred.
    fn samples(&self, scope: &Scope) -> bool {
        let stirred = scope.id().get().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        stirred.is_multiple_of(self.settings.one_request_in.max(1))
    }

    fn request(self: &Arc<Self>) -> Request {
        let watched = self.counts.watched.fetch_add(1, Ordering::Relaxed);
        let seen = (watched < self.settings.requests_max).then(Mutex::default);
        Request { detector: Arc::clone(self), began: Instant::now(), seen }
    }

    fn keep(&self, found: Vec<Repetition>) {
        let mut all = self.found();
        for repetition in found {
            self.meters.found(&repetition);
            if let Some(known) = all.iter_mut().find(|known| known.is_same(&repetition)) {
                known.merge(repetition);
            } else if all.len() < self.settings.findings_max {
                all.push(repetition);
            } else {
                self.counts.findings_beyond.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn found(&self) -> MutexGuard<'_, Vec<Repetition>> {
        // Each update is one push or one merge.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    fn note(&self, event: &QueryEvent<'_>) {
        let Some(seen) = &self.seen else { return };
        let end = self.began.elapsed();
        let settings = &self.detector.settings;
        let text = self.detector.texts.of(event);
        // Worked out before the lock is taken: it looks at all values.
        let bound = event.params.marks();
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(group) = seen.group(event.place, &text, settings) else { return };
        let columns = event.answer.columns();
        let rows_kept = seen.room(event.answer.len(), columns.len(), settings);
        let known = &mut seen.groups[group];
        if known.columns.is_empty() && !columns.is_empty() {
            known.columns = text.names(columns);
        }
        if known.calls == 2 {
            known.types = event.params.types().map(|types| types.iter().map(ToString::to_string).collect());
        }
        let mut values = Vec::with_capacity(rows_kept * columns.len());
        for column in 0..columns.len() {
            values.extend((0..rows_kept).map(|row| event.answer.mark(row, column)));
        }
        let start = end.saturating_sub(event.round_trip + event.fetch);
        let (round_trip, rows) = (event.round_trip, event.rows);
        seen.calls.push(Call { group, start, end, round_trip, rows, bound, text, values, rows_kept });
    }

    fn judge(&self) -> Vec<Repetition> {
        let Some(seen) = &self.seen else { return Vec::new() };
        judge(&seen.lock().unwrap_or_else(PoisonError::into_inner), &self.detector.settings)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let inner = &self.detector;
        inner.counts.watched.fetch_sub(1, Ordering::Relaxed);
        let Some(seen) = &mut self.seen else { return };
        let seen = seen.get_mut().unwrap_or_else(PoisonError::into_inner);
        inner.counts.beyond.fetch_add(seen.beyond, Ordering::Relaxed);
        inner.meters.beyond.increment(seen.beyond);
        if seen.groups.is_empty() {
            return;
        }
        inner.counts.requests.fetch_add(1, Ordering::Relaxed);
        inner.meters.requests.increment(1);
        let found = judge(seen, &inner.settings);
        if !found.is_empty() {
            inner.keep(found);
        }
    }
}

impl fmt::Debug for NPlusOneDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NPlusOneDetector").field(&self.status()).finish()
    }
}
