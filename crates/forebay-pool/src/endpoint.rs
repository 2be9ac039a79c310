//! One server, and what is known of it.

use crate::{counts::ServerMeters, error::PoolError, lag::Log, sighting::Sighting, target::Target};
use forebay_scope::Position;
use forebay_traffic::{Breaker, Member};
use serde::Serialize;
use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// What a server is for its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes the writes.
    Primary,
    /// Any other; reads go to those that are streaming standbys of the primary.
    Replica,
}

impl Role {
    /// The word used in metrics and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// One server, and what the probes and sessions last saw of it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// `host:port`, for messages, metrics and status.
    pub(crate) name: String,
    pub(crate) target: Target,
    /// Keeps reads away from a replica that answers probes and fails statements.
    pub(crate) breaker: Breaker,
    pub(crate) meters: ServerMeters,
    /// Answers probes and takes connections.
    reachable: AtomicBool,
    /// Was last seen to be a standby.
    standby: AtomicBool,
    /// Takes the pool's writes.
    leads: AtomicBool,
    /// Moves with its role and its timeline: sessions from before are not lent again.
    epoch: AtomicU64,
    seen: Mutex<Option<Sighting>>,
    /// When that was.
    looked_at: Mutex<Option<Instant>>,
    /// Since when it does not answer.
    silent_since: Mutex<Option<Instant>>,
    /// Has all servers looked at, now.
    doubt: watch::Sender<()>,
    /// How far behind the primary, in microseconds; [`u64::MAX`] before the first look.
    lag_us: AtomicU64,
    /// What the balancer knows of it.
    pub(crate) member: Member,
}

impl Endpoint {
    /// `watched` makes the breaker and the meters for a server of this name.
    pub(crate) fn new(
        target: Target,
        role: Role,
        application: &str,
        doubt: watch::Sender<()>,
        member: Member,
        watched: impl FnOnce(&str) -> Result<(Breaker, ServerMeters), forebay_traffic::Error>,
    ) -> Result<Self, PoolError> {
        let target = target.named(application);
        let name = target.endpoint();
        let (breaker, meters) =
            watched(&name).map_err(|error| PoolError::config("breaker", error.to_string()))?;
        Ok(Self {
            breaker,
            meters,
            name,
            target,
            reachable: AtomicBool::new(true),
            standby: AtomicBool::new(role == Role::Replica),
            leads: AtomicBool::new(role == Role::Primary),
            epoch: AtomicU64::new(0),
            seen: Mutex::new(None),
            looked_at: Mutex::new(None),
            silent_since: Mutex::new(None),
            doubt,
            lag_us: AtomicU64::new(u64::MAX),
            member,
        })
    }

    /// Whether it answers, and is what its role says.
    pub(crate) fn is_usable(&self) -> bool {
        self.reachable.load(Ordering::Relaxed) && self.is_in_role()
    }

    pub(crate) fn role(&self) -> Role {
        if self.leads.load(Ordering::Acquire) { Role::Primary } else { Role::Replica }
    }

    /// Takes a role, now.
    pub(crate) fn plays(&self, role: Role) {
        let leads = role == Role::Primary;
        if self.leads.swap(leads, Ordering::AcqRel) != leads {
            self.epoch.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Sessions opened in another epoch are not lent again, and may not write.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// A session heard or met something that does not go with what is known: all servers are looked at, now.
    pub(crate) fn doubt(&self) {
        self.doubt.send_replace(());
    }

    pub(crate) fn is_reachable(&self) -> bool {
        self.reachable.load(Ordering::Relaxed)
    }

    pub(crate) fn is_standby(&self) -> bool {
        self.standby.load(Ordering::Relaxed)
    }

    pub(crate) fn is_in_role(&self) -> bool {
        self.is_standby() != self.leads.load(Ordering::Relaxed)
    }

    pub(crate) fn unreachable(&self) {
        self.reachable.store(false, Ordering::Relaxed);
        self.silent_since().get_or_insert_with(Instant::now);
    }

    /// For how long it has not answered; `None` while it does.
    pub(crate) fn silent_for(&self) -> Option<Duration> {
        self.silent_since().map(|since| since.elapsed())
    }

    fn silent_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.silent_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a fresh look, also one that is older than what was seen: a standby that was restarted replays
    /// from further back. Of two looks that arrive out of order the older may stay until the next.
    pub(crate) fn saw(&self, now: Sighting) {
        self.reachable.store(true, Ordering::Relaxed);
        self.standby.store(now.standby, Ordering::Relaxed);
        *self.silent_since() = None;
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let before = self.seen.lock().unwrap_or_else(PoisonError::into_inner).replace(now);
        if before.is_some_and(|before| before.at.timeline != now.at.timeline) {
            self.epoch.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// How long ago it was looked at; `None` before the first look.
    pub(crate) fn unseen_for(&self) -> Option<Duration> {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    /// A replay position read outside of a probe.
    pub(crate) fn replayed(&self, at: Position) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = seen.as_mut() {
            seen.at = seen.at.newest(at);
        }
    }

    pub(crate) fn seen(&self) -> Option<Sighting> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this server is known to have everything up to `required`.
    pub(crate) fn has_reached(&self, required: Position) -> bool {
        self.seen().is_some_and(|seen| required.is_reached_at(seen.at))
    }

    /// Works out the lag from the primary's log. A server that does not follow this log (another system, or a
    /// timeline that ended) is behind by an unknown time, which no bound allows.
    pub(crate) fn measure_lag(&self, log: &Log, now: Instant) {
        let Some(seen) = self.seen() else { return };
        let us = match log.lag_of(seen.at, now) {
            Some(lag) => u64::try_from(lag.as_micros()).unwrap_or(u64::MAX - 1),
            None if log.has_left(seen.at) => u64::MAX,
            // Nothing is known of the log yet, or the primary was not looked at since the timeline changed.
            None => return,
        };
        self.lag_us.store(us, Ordering::Relaxed);
    }

    pub(crate) fn report(&self) {
        self.meters.up.set(f64::from(u8::from(self.is_usable())));
        if let Some(lag) = self.lag() {
            self.meters.lag.set(lag.as_secs_f64());
        }
    }

    /// How far behind the primary; `None` before the first look.
    pub(crate) fn lag(&self) -> Option<Duration> {
        match self.lag_us.load(Ordering::Relaxed) {
            u64::MAX => None,
            us => Some(Duration::from_micros(us)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Role};
    use crate::{counts::ServerMeters, lag::Log, sighting::Sighting};
    use forebay_metrics::Meter;
    use forebay_scope::Position;
    use forebay_traffic::{Balancer, BalancerConfig, Breaker, BreakerConfig};
    use std::time::{Duration, Instant};
    use tokio::sync::watch;

    fn replica() -> Endpoint {
        let target = "host=db".parse().expect("a connection string");
        let meters = |name: &str| {
            let meter = Meter::default();
            let breaker = Breaker::measured(BreakerConfig::default(), name, &meter)?;
            Ok((breaker, ServerMeters::new(&meter, name)))
        };
        let balancer = Balancer::new(BalancerConfig::default(), ["db"]).expect("the defaults are right");
        let member = balancer.member(0).expect("the only one");
        Endpoint::new(target, Role::Replica, "test", watch::Sender::new(()), member, meters)
            .expect("the defaults are right")
    }

    fn at(timeline: u32, lsn: u64) -> Position {
        Position { system: 1, timeline, lsn }
    }

    fn seen(at: Position) -> Sighting {
        Sighting { standby: true, at }
    }

    #[test]
    fn a_standby_on_a_dead_timeline_or_of_another_system_has_no_lag() {
        let (log, now) = (Log::default(), Instant::now());
        for stranger in [at(1, 900), Position { system: 2, ..at(2, 900) }] {
            let replica = replica();
            log.reached(at(1, 10), now);
            replica.saw(seen(at(1, 10)));
            replica.measure_lag(&log, now);
            assert_eq!(replica.lag(), Some(Duration::ZERO));
            log.reached(at(2, 20), now);
            replica.saw(seen(stranger));
            replica.measure_lag(&log, now);
            assert_eq!(replica.lag(), None, "{stranger}");
        }
    }

    #[test]
    fn a_standby_that_starts_again_further_back_has_not_reached_what_it_had() {
        let replica = replica();
        replica.saw(seen(at(1, 100)));
        assert!(replica.has_reached(at(1, 100)));
        replica.saw(seen(at(1, 50)));
        assert!(!replica.has_reached(at(1, 100)));
    }
}
