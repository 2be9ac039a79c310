use super::{
    metrics::{StepMeters, TierMeters},
    told::Told,
};
use crate::{
    CacheError, Fill, LeaseAnswer, LeaseAsk, LeaseToken, Outcome, Removal, Stored, Tier, TierError,
    TierStats, cache::breaker_state, namespace::News, spans,
};
use bytes::Bytes;
use forebay_metrics::Meter;
use forebay_traffic::{Breaker, BreakerConfig, State};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// How a remote tier is guarded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TierConfig {
    /// How long one call may take before the cache goes on without the tier. Default: 50 ms.
    #[serde(with = "humantime_serde")]
    pub deadline: Duration,
    /// When a failing tier is left alone, and when it is tried again.
    pub breaker: BreakerConfig,
    /// For how much of the time an entry can be of use this tier keeps it. Below 1 it forgets earlier, for a tier with
    /// little room. Above 1 it keeps what is past its time, of caches with a
    /// [`stale_if_error`](crate::CacheBuilder::stale_if_error) window only, whose copy here then stands in for failing
    /// loads for that much longer. A value is never fresh for longer than its ttl. Without effect on entries without a
    /// ttl. Default: 1.
    pub keep_scale: f64,
    /// The longest item sent to this tier, in bytes of its encoded form; longer ones are kept by the other tiers only.
    /// Default: what the tier itself takes.
    pub item_bytes_max: Option<usize>,
}

impl Default for TierConfig {
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(50),
            breaker: BreakerConfig::default(),
            keep_scale: 1.0,
            item_bytes_max: None,
        }
    }
}

/// A [`Tier`] behind a deadline and a circuit breaker: a dead one costs each call a bounded delay, then nothing, and
/// never an error. Cloning is one reference count; all clones share the breaker.
#[derive(Clone)]
pub struct GuardedTier(Arc<Guard>);

struct Guard {
    tier: Arc<dyn Tier>,
    deadline: Duration,
    keep_scale: f64,
    item_bytes_max: usize,
    breaker: Breaker,
    told: Told,
    meters: TierMeters,
}

/// Why a tier did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The circuit breaker is open: it was left alone.
    NotAsked,
    /// It failed, or did not answer in time.
    Failed,
}

/// What a look from outside brought.
#[derive(Debug)]
pub(crate) enum Look {
    Found(Option<Stored>),
    NotAsked,
    NoAnswer(String),
}

impl GuardedTier {
    /// Keys in one call; larger batches take several.
    pub(crate) const BATCH_MAX: usize = 1024;

    /// Guards `tier`, and measures it under its name.
    ///
    /// # Errors
    /// [`CacheError::Tier`] when a setting makes no sense.
    pub fn new(tier: Arc<dyn Tier>, config: &TierConfig, meter: &Meter) -> Result<Self, CacheError> {
        let name = tier.name().to_owned();
        let wrong = |problem: String| CacheError::Tier { tier: name.clone(), problem };
        if config.deadline.is_zero() {
            return Err(wrong("`deadline` must not be 0".to_owned()));
        }
        if !(config.keep_scale > 0.0 && config.keep_scale.is_finite()) {
            return Err(wrong("`keep_scale` must be above 0".to_owned()));
        }
        let breaker = Breaker::measured(config.breaker.clone(), &name, meter);
        let breaker = breaker.map_err(|error| wrong(error.to_string()))?;
        let meters = TierMeters::new(meter, &name);
        let (keep_scale, item_bytes_max) = (config.keep_scale, config.item_bytes_max.unwrap_or(usize::MAX));
        let deadline = config.deadline;
        let told = Told::new();
        Ok(Self(Arc::new(Guard { tier, deadline, keep_scale, item_bytes_max, breaker, told, meters })))
    }

    /// The tier's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.tier.name()
    }

    /// What the breaker in front of it does now.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.breaker.state()
    }

    /// What it did; the debt of tombstones is its namespace's to tell.
    pub(crate) fn stats(&self) -> TierStats {
        let TierMeters { get, put, remove, lease, refused, too_large: _, read_bytes, written_bytes } =
            &self.0.meters;
        let sum = |total: fn(&StepMeters) -> u64| [get, put, remove, lease].into_iter().map(total).sum();
        TierStats {
            tier: self.name().to_owned(),
            breaker: breaker_state(self.state()),
            done: sum(|step| step.done.total()),
            failed: sum(|step| step.failed.total()),
            late: sum(|step| step.late.total()),
            skipped: sum(|step| step.skipped.total()),
            read_bytes: read_bytes.total(),
            written_bytes: written_bytes.total(),
            refused: refused.total(),
            tombstones_owed: 0,
        }
    }

    /// Tells these what the breaker in front of it does, from now on.
    pub(crate) fn tell(&self, news: &Arc<News>) {
        self.0.told.add(news);
    }

    /// Tells what the breaker does now, unless it is known to be closed as before.
    fn tell_unless_closed(&self) {
        if !self.0.told.was(State::Closed) {
            self.0.told.tell(self.name(), &self.0.breaker);
        }
    }

    /// For how much of the time an entry can be of use it is kept.
    pub(crate) fn keep_scale(&self) -> f64 {
        self.0.keep_scale
    }

    /// For how long from now it is left alone, as far as is known: to prepare a call would be in vain.
    pub(crate) fn left_alone(&self) -> Option<Duration> {
        self.0.breaker.refuses_for()
    }

    /// A look that is not even prepared, because it is left alone.
    pub(crate) fn skip_get(&self) {
        self.0.meters.get.skipped.increment(1);
    }

    /// How long a call may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.0.deadline
    }

    /// What the tier holds under `key`; `None` when that could not be found out either.
    pub(crate) async fn get(&self, key: &Bytes) -> Option<Stored> {
        let keys = [key.clone()];
        let found = self.call(&self.0.meters.get, || self.0.tier.get(&keys)).await.ok()?;
        let stored = found.into_iter().next().flatten()?;
        self.0.meters.read_bytes.increment(stored.value.len() as u64);
        Some(stored)
    }

    /// What the tier holds under `key`, looked at from outside: not counted, and not asked unless the breaker is closed.
    pub(crate) async fn look(&self, key: &Bytes) -> Look {
        if self.state() != State::Closed {
            return Look::NotAsked;
        }
        match tokio::time::timeout(self.0.deadline, self.0.tier.get(std::slice::from_ref(key))).await {
            Ok(Ok(found)) => Look::Found(found.into_iter().next().flatten()),
            Ok(Err(error)) => Look::NoAnswer(error.source.to_string()),
            Err(_elapsed) => Look::NoAnswer("late".to_owned()),
        }
    }

    /// What the tier holds under each key, in the order asked; nothing where that could not be found out.
    pub(crate) async fn get_all(&self, keys: &[Bytes]) -> Vec<Option<Stored>> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(Self::BATCH_MAX) {
            let mut part = self.call(&self.0.meters.get, || self.0.tier.get(keys)).await.unwrap_or_default();
            part.resize(keys.len(), None);
            let read = part.iter().flatten().map(|stored| stored.value.len() as u64).sum();
            self.0.meters.read_bytes.increment(read);
            found.append(&mut part);
        }
        found
    }

    /// Stores those of the entries that the tier takes; what became of each, in their order. One call, whatever their number.
    pub(crate) async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, NoAnswer> {
        let meters = &self.0.meters;
        let fits = |fill: &&Fill| fill.value.len() <= self.0.item_bytes_max;
        let fitting: Cow<'_, [Fill]> = match fills.iter().all(|fill| fits(&fill)) {
            true => fills.into(),
            false => fills.iter().filter(fits).cloned().collect(),
        };
        let taken = if fitting.is_empty() {
            Vec::new()
        } else {
            self.call(&meters.put, || self.0.tier.put(&fitting)).await?
        };
        let mut taken = taken.into_iter();
        let outcome = |fill: &Fill| {
            let outcome =
                if fits(&fill) { taken.next().unwrap_or(Outcome::Refused) } else { Outcome::Skipped };
            match outcome {
                Outcome::Stored => meters.written_bytes.increment(fill.value.len() as u64),
                Outcome::Refused => meters.refused.increment(1),
                Outcome::Skipped => meters.too_large.increment(1),
            }
            outcome
        };
        Ok(fills.iter().map(outcome).collect())
    }

    /// Whether it leases keys.
    pub(crate) fn leases(&self) -> bool {
        self.0.tier.leases().is_some()
    }

    /// What the tier holds under `key` and who loads it; `None` when that could not be found out.
    pub(crate) async fn get_or_lease(&self, key: &Bytes, ask: &LeaseAsk) -> Option<LeaseAnswer> {
        let leases = self.0.tier.leases()?;
        let answer = self.call(&self.0.meters.lease, || leases.get_or_lease(key, ask)).await.ok()?;
        let read = answer.stored.as_ref().map_or(0, |stored| stored.value.len() as u64);
        self.0.meters.read_bytes.increment(read);
        Some(answer)
    }

    /// Holds on to a lease, if it can.
    pub(crate) async fn renew(&self, key: &Bytes, token: LeaseToken, hold: Duration) {
        if let Some(leases) = self.0.tier.leases() {
            let _kept = self.call(&self.0.meters.lease, || leases.renew(key, token, hold)).await;
        }
    }

    /// Gives a lease back, if it can.
    pub(crate) async fn release(&self, key: &Bytes, token: LeaseToken, failure: Option<(&str, Duration)>) {
        if let Some(leases) = self.0.tier.leases() {
            let _given_back = self.call(&self.0.meters.lease, || leases.release(key, token, failure)).await;
        }
    }

    /// Leaves tombstones; `false` when the tier did not confirm them.
    pub(crate) async fn remove(&self, removals: &[Removal]) -> bool {
        self.call(&self.0.meters.remove, || self.0.tier.remove(removals)).await.is_ok()
    }

    async fn call<T, F>(&self, meters: &StepMeters, call: impl FnOnce() -> F) -> Result<T, NoAnswer>
    where
        F: Future<Output = Result<T, TierError>>,
    {
        let Ok(permit) = self.0.breaker.permit() else {
            meters.skipped.increment(1);
            if self.0.told.was(State::HalfOpen) {
                // Probes that never ended open it again.
                self.tell_unless_closed();
            }
            return Err(NoAnswer::NotAsked);
        };
        self.tell_unless_closed();
        let began = Instant::now();
        let call = tokio::time::timeout(self.0.deadline, call());
        let outcome = |answer: &Result<Result<T, TierError>, _>| match answer {
            Ok(Ok(_)) => "done",
            Ok(Err(_)) => "failed",
            Err(_elapsed) => "late",
        };
        let answer = spans::within(spans::tier(self.name(), meters.step), call, outcome).await;
        meters.seconds.record(began.elapsed());
        match answer {
            Ok(Ok(answer)) => {
                permit.succeeded();
                self.tell_unless_closed();
                meters.done.increment(1);
                Ok(answer)
            }
            Ok(Err(error)) => {
                permit.failed();
                self.0.told.tell(self.name(), &self.0.breaker);
                meters.failed.increment(1);
                tracing::debug!(%error, source = &*error.source, "a remote tier failed");
                Err(NoAnswer::Failed)
            }
            Err(_elapsed) => {
                permit.failed();
                self.0.told.tell(self.name(), &self.0.breaker);
                meters.late.increment(1);
                tracing::debug!(tier = self.name(), "a remote tier did not answer in time");
                Err(NoAnswer::Failed)
            }
        }
    }
}

impl fmt::Debug for GuardedTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedTier")
            .field("tier", &self.0.tier)
            .field("deadline", &self.0.deadline)
            .field("breaker", &self.0.breaker)
            .finish_non_exhaustive()
    }
}
