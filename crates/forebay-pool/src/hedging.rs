//! Asking a second replica when the first is slow to answer.

use crate::{
    call::{Asked, watch},
    checkout::Excluded,
    config::PoolConfig,
    counts::Tally,
    error::PoolError,
    freshness::Freshness,
    heal,
    inner::Inner,
    lane::Caller,
    lease::Lease,
    metrics::HEDGES,
    session::Answer,
};
use forebay_metrics::Meter;
use forebay_traffic::{Budget, BudgetConfig, Percentile};
use futures_util::future::{self, Either};
use serde::{Deserialize, Serialize};
use std::{
    pin::pin,
    time::{Duration, Instant},
};

/// When a read of [`Pool::query`](crate::Pool::query) and its kin that one replica is slow to answer is asked of a second one
/// as well. The first answer counts, the other statement is cancelled. A read that waits for a session for as long is
/// given an idle one of another replica, which doubles nothing and costs no budget.
///
/// Only statements that certainly only read are asked twice, outside of transactions, of replicas that are fresh enough for
/// the read and have an idle session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HedgingConfig {
    /// How long the first replica has. Default: none, it is what `percentile` of its own answers stay below.
    #[serde(with = "humantime_serde")]
    pub delay: Option<Duration>,
    /// See `delay`; from 0.5 to 0.999. Nothing is asked twice before a replica has given 20 answers. Default: 0.95.
    pub percentile: f64,
    /// The delay is at least this, whatever the percentile: where answers take microseconds a multiple of them means nothing.
    /// Default: 2 ms.
    #[serde(with = "humantime_serde")]
    pub delay_min: Duration,
    /// How many reads may be asked twice: a share of all that could be, on top of a burst. Default: 2 %, 10.
    pub budget: BudgetConfig,
    /// Whether the second may be the primary, when no other replica has an idle session. Default: `false`.
    pub on_primary: bool,
}

impl Default for HedgingConfig {
    fn default() -> Self {
        Self {
            delay: None,
            percentile: 0.95,
            delay_min: Duration::from_millis(2),
            budget: BudgetConfig::default(),
            on_primary: false,
        }
    }
}

impl HedgingConfig {
    /// # Errors
    /// [`PoolError::Config`] when a setting cannot work.
    pub(crate) fn check(&self) -> Result<(), PoolError> {
        let wrong = |reason: String| PoolError::config("hedging", reason);
        if !(0.5..=0.999).contains(&self.percentile) {
            return Err(wrong("has a `percentile` that is not from 0.5 to 0.999".to_owned()));
        }
        for (key, value) in [("delay", self.delay), ("delay_min", Some(self.delay_min))] {
            if value
                .is_some_and(|value| value < Duration::from_millis(1) || value > Duration::from_secs(3600))
            {
                return Err(wrong(format!("has a `{key}` that is not from 1 ms to 1 h")));
            }
        }
        self.budget.check().map_err(|error| wrong(format!("has a wrong budget: {error}")))
    }
}

/// What became of reads that a replica was slow to answer, since the pool was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HedgesStatus {
    /// Asked of a second server as well.
    pub sent: u64,
    /// Of these, answered by the second one first.
    pub won: u64,
    /// Not asked twice because the budget was spent.
    pub over_budget: u64,
    /// Not asked twice because no other server was fresh enough and had an idle session.
    pub nowhere: u64,
    /// Asked once, of another server than the one where it had waited for a session.
    pub moved: u64,
}

/// What is known and spent by a pool that hedges.
pub(crate) struct Hedging {
    config: HedgingConfig,
    budget: Budget,
    /// How slow a slow answer of each server is, by its place in the cluster.
    paces: Vec<Percentile>,
    counts: [Tally; 5],
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Sent,
    Won,
    OverBudget,
    Nowhere,
    Moved,
}

impl Hedging {
    /// For a pool of so many servers; `None` where nothing is asked twice.
    pub(crate) fn of(config: &PoolConfig, servers: usize, meter: &Meter) -> Result<Option<Self>, PoolError> {
        config.hedging.clone().map(|config| Self::new(config, servers, meter)).transpose()
    }

    fn new(config: HedgingConfig, servers: usize, meter: &Meter) -> Result<Self, PoolError> {
        let budget = Budget::measured(config.budget.clone(), "pool-hedges", meter)
            .map_err(|error| PoolError::config("hedging", error.to_string()))?;
        let counts = ["sent", "won", "over_budget", "nowhere", "moved"]
            .map(|fate| Tally::new(meter.counter(&HEDGES, &[fate])));
        let paces = (0..servers).map(|_| Percentile::new(config.percentile)).collect();
        Ok(Self { config, budget, paces, counts })
    }

    pub(crate) fn status(&self) -> HedgesStatus {
        let of = |fate: Fate| self.counts[fate as usize].total();
        HedgesStatus {
            sent: of(Fate::Sent),
            won: of(Fate::Won),
            over_budget: of(Fate::OverBudget),
            nowhere: of(Fate::Nowhere),
            moved: of(Fate::Moved),
        }
    }

    fn count(&self, fate: Fate) {
        self.counts[fate as usize].increment(1);
    }

    /// How long a server has for an answer; `None` while that is not known.
    fn delay(&self, server: usize) -> Option<Duration> {
        self.config.delay.or_else(|| Some(self.paces[server].value()?.max(self.config.delay_min)))
    }

    /// An answer of a server took this long, or was not waited for any longer.
    fn took(&self, lease: &Lease, elapsed: Duration) {
        self.paces[lease.lane().endpoint.member.index()].note(elapsed);
    }
}

impl Inner {
    /// A read-only session: an idle one of any replica, when that which was chosen has none for too long.
    pub(crate) async fn lease_hedged(
        &self,
        hedging: &Hedging,
        caller: Caller,
        freshness: Freshness,
    ) -> Result<Lease, PoolError> {
        let mut chosen = pin!(self.read_lease(caller, freshness));
        let patience = hedging.config.delay.unwrap_or(hedging.config.delay_min);
        if let Ok(lease) = tokio::time::timeout(patience, chosen.as_mut()).await {
            return lease;
        }
        match self.idle_elsewhere(caller, freshness, Excluded::default(), false) {
            Some(lease) => {
                hedging.count(Fate::Moved);
                Ok(lease)
            }
            None => chosen.await,
        }
    }

    /// Runs a read on the replica of `lease`, and on another one as well when that takes too long.
    pub(crate) async fn read_hedged(
        &self,
        hedging: &Hedging,
        lease: Lease,
        asked: Asked<'_>,
        caller: Caller,
        freshness: Freshness,
    ) -> Result<Answer, PoolError> {
        hedging.budget.earn();
        let began = Instant::now();
        let mut first = pin!(self.asked_of(hedging, &lease, asked));
        let server = lease.lane().endpoint.member.index();
        let Some(delay) = hedging.delay(server) else { return first.await };
        if let Ok(result) = tokio::time::timeout(delay, first.as_mut()).await {
            return result;
        }
        let Some(other) = self.second(hedging, caller, freshness, server) else { return first.await };
        let second = pin!(self.asked_of(hedging, &other, asked));
        match future::select(first, second).await {
            Either::Left((Err(error), second)) if is_of_its_server(&error) => second.await.or(Err(error)),
            Either::Left((result, _)) => result,
            Either::Right((Ok(answer), _)) => {
                hedging.count(Fate::Won);
                // Nobody hears when it would have answered: no sooner than now.
                let elapsed = began.elapsed();
                hedging.took(&lease, elapsed);
                lease.lane().endpoint.member.note_answer(elapsed);
                Ok(answer)
            }
            Either::Right((Err(_), first)) => first.await,
        }
    }

    async fn asked_of(
        &self,
        hedging: &Hedging,
        lease: &Lease,
        asked: Asked<'_>,
    ) -> Result<Answer, PoolError> {
        let began = Instant::now();
        let result = watch(self, lease, asked, pin!(lease.run(asked.sql, asked.params))).await;
        if result.is_ok() {
            hedging.took(lease, began.elapsed());
        }
        result
    }

    /// An idle session on another server that may serve the read, if the budget allows it.
    fn second(&self, hedging: &Hedging, caller: Caller, freshness: Freshness, first: usize) -> Option<Lease> {
        let mut tried = Excluded::default();
        tried.add(first);
        let Some(lease) = self.idle_elsewhere(caller, freshness, tried, hedging.config.on_primary) else {
            hedging.count(Fate::Nowhere);
            return None;
        };
        let paid = hedging.budget.spend();
        hedging.count(if paid { Fate::Sent } else { Fate::OverBudget });
        paid.then_some(lease)
    }

    /// Nobody waits for it, and no session is opened: a server that has none idle has enough to do.
    fn idle_elsewhere(
        &self,
        caller: Caller,
        freshness: Freshness,
        mut tried: Excluded,
        on_primary: bool,
    ) -> Option<Lease> {
        let required =
            self.required(freshness).map(|required| self.cluster.in_todays_terms(required).position);
        while let Some(server) = self.choose(required, freshness.lag_max.unwrap_or(self.lag_max), tried) {
            tried.add(server);
            let lane = &self.cluster.servers()[server].read;
            let Ok(permit) = lane.endpoint.breaker.permit() else { continue };
            if let Some(lease) = lane.try_take(caller) {
                self.counts.from_replica.increment(1);
                return Some(lease.with_permit(permit));
            }
        }
        let primary = self.cluster.primary();
        let lease = (on_primary && primary.endpoint.is_usable()).then(|| primary.read.try_take(caller))??;
        self.counts.from_primary.increment(1);
        Some(lease)
    }
}

/// Whether another server may well answer what this one failed at.
fn is_of_its_server(error: &PoolError) -> bool {
    heal::rule(error, heal::Phase::Alone, true).is_some()
}
