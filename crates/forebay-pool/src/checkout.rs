//! Which session a read gets: the replica that may serve it, else the primary.

use crate::{
    cluster::Server,
    config::PoolConfig,
    endpoint::{Endpoint, Role},
    error::PoolError,
    freshness::{Freshness, WithoutReplica},
    inner::Inner,
    lane::{Caller, Lane, Patience},
    lease::Lease,
    mode::Mode,
    position,
    selector::Candidate,
};
use forebay_scope::{Position, Scope};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Pause between two looks at a replica that has not replayed a position yet.
const CATCH_UP_STEP: Duration = Duration::from_millis(1);
/// The part of a read's time that it waits for replicas, so that some is left for the primary.
const REPLICAS_SHARE: f64 = 0.75;

/// How long one read may wait for sessions, on all servers together. It begins with the first wait: mostly there is
/// none, and the clock is not asked.
#[derive(Debug)]
struct Wait {
    total: Duration,
    began: Option<Instant>,
}

impl Wait {
    const fn new(total: Duration) -> Self {
        Self { total, began: None }
    }

    /// What is left of this share of it, from 0 to 1.
    fn left(&mut self, share: f64) -> Duration {
        let now = Instant::now();
        let until = *self.began.get_or_insert(now) + self.total.mul_f64(share);
        until.saturating_duration_since(now)
    }
}

impl Inner {
    /// # Errors
    /// [`PoolError::ForeignPosition`] for a position that no server of this pool can be at.
    pub(crate) fn is_of_this_system(&self, freshness: Freshness) -> Result<(), PoolError> {
        match freshness.after.filter(|position| position.system != self.system) {
            Some(position) => Err(PoolError::ForeignPosition { position, system: self.system }),
            None => Ok(()),
        }
    }

    /// What a read must see: what the caller and the scope require.
    pub(crate) fn required(&self, freshness: Freshness) -> Option<Position> {
        let of_scope = Scope::with_current(|scope| scope.required(self.system)).flatten();
        match (freshness.after, of_scope) {
            (Some(after), Some(of_scope)) => Some(after.newest(of_scope)),
            (after, of_scope) => after.or(of_scope),
        }
    }

    /// A read-only session that has reached what the scope, and the caller, require.
    pub(crate) async fn read_lease(&self, caller: Caller, freshness: Freshness) -> Result<Lease, PoolError> {
        let lag_max = freshness.lag_max.unwrap_or(self.lag_max);
        let required = self.required(freshness).map(|required| self.wanted(required));
        let mut failed = Excluded::default();
        let mut wait = Wait::new(self.acquire_timeout);
        if self.mode == Mode::PerUse && self.knows_no_lag(lag_max, &mut wait).await {
            match self.primary_lease(caller, required, &mut wait).await {
                // It is away: what replicas have is the newest there is.
                Err(PoolError::Connect { .. } | PoolError::Behind { .. }) => {}
                result => {
                    self.counts.none_fresh.increment(u64::from(result.is_ok()));
                    return result;
                }
            }
        }
        while let Some(index) = self.choose(required, lag_max, failed) {
            let lane = &self.cluster.servers()[index].read;
            // A replica whose circuit is open is left alone; asking for the permit is what lets a probe through.
            let Ok(permit) = lane.endpoint.breaker.permit() else {
                failed.add(index);
                continue;
            };
            match self.take_within(lane, caller, &mut wait, Duration::MAX).await {
                // A wait, or a new session, may have found the replica further back than it was.
                Ok(_) if required.is_some_and(|required| !lane.endpoint.has_reached(required)) => {
                    failed.add(index);
                }
                Ok(lease) => {
                    self.counts.from_replica.increment(1);
                    return Ok(lease.with_permit(permit));
                }
                Err(PoolError::Connect { .. }) => {
                    permit.failed();
                    lane.endpoint.member.note_failure();
                    failed.add(index);
                }
                // Overload of one says nothing about the others.
                Err(
                    PoolError::QueueFull { .. }
                    | PoolError::Overloaded { .. }
                    | PoolError::AcquireTimeout { .. },
                ) => failed.add(index),
                Err(other) => return Err(other),
            }
        }
        if let Some(required) = required
            && let Some(lease) = self.caught_up(caller, required, lag_max, failed, &mut wait).await?
        {
            return Ok(lease);
        }
        if self.without_replica == WithoutReplica::Refuse && self.cluster.servers().len() > 1 {
            return Err(PoolError::NoReplica { lag_max, required });
        }
        let lease = self.primary_lease(caller, required, &mut wait).await?;
        if self.cluster.servers().len() > 1 && lease.lane().endpoint.role() == Role::Primary {
            let why = match (required, failed.any()) {
                (Some(_), _) => &self.counts.not_there,
                (None, true) => &self.counts.none_free,
                (None, false) => &self.counts.none_fresh,
            };
            why.increment(1);
        }
        Ok(lease)
    }

    /// Whether the last look at the primary is too old to tell whether a replica is within `lag_max`. Where the primary is
    /// not for reads, it is looked at first.
    async fn knows_no_lag(&self, lag_max: Duration, wait: &mut Wait) -> bool {
        let primary = &self.cluster.primary().endpoint;
        let is_old = || primary.unseen_for().is_none_or(|unseen| unseen > lag_max);
        if self.cluster.servers().len() == 1 || !primary.is_usable() || !is_old() {
            return false;
        }
        if self.without_replica == WithoutReplica::Primary {
            return true;
        }
        primary.doubt();
        while is_old() && primary.is_usable() && !wait.left(1.0).is_zero() {
            tokio::time::sleep(CATCH_UP_STEP).await;
        }
        false
    }

    /// What has to be seen of a position that may be of a timeline which has ended since.
    fn wanted(&self, required: Position) -> Position {
        let wanted = self.cluster.in_todays_terms(required);
        if wanted.lost {
            self.counts.lost_position.increment(1);
        }
        wanted.position
    }

    /// A replica that is usable, fresh enough, and known to have reached `required`.
    pub(crate) fn choose(
        &self,
        required: Option<Position>,
        lag_max: Duration,
        failed: Excluded,
    ) -> Option<usize> {
        let mut candidates = [Candidate::default(); PoolConfig::REPLICAS_MAX];
        let mut count = 0;
        for (server, Server { endpoint, read, .. }) in self.cluster.replicas() {
            let Some(lag) = endpoint.lag().filter(|lag| *lag <= lag_max) else { continue };
            if failed.has(server)
                || !endpoint.is_usable()
                || required.is_some_and(|required| !endpoint.has_reached(required))
            {
                continue;
            }
            candidates[count] =
                Candidate { server, in_use: read.busy(), latency: endpoint.member.latency(), lag };
            count += 1;
        }
        let candidates = &candidates[..count];
        let first = candidates.first()?;
        let chosen = self.selector.select(candidates);
        Some(candidates.get(chosen).unwrap_or(first).server)
    }

    /// A session on the most advanced replica, once that has reached `required`; `None` when it has not within
    /// the time a read may wait for it.
    async fn caught_up(
        &self,
        caller: Caller,
        required: Position,
        lag_max: Duration,
        failed: Excluded,
        wait: &mut Wait,
    ) -> Result<Option<Lease>, PoolError> {
        let furthest = |server: &Server| server.endpoint.seen().map(|seen| (seen.at.timeline, seen.at.lsn));
        let fit = self.cluster.replicas().filter(|(index, Server { endpoint, .. })| {
            !failed.has(*index)
                && endpoint.is_usable()
                && !position::is_primary_only(required)
                && endpoint.lag().is_some_and(|lag| lag <= lag_max)
                // Another timeline never reaches it: its log may have forked before.
                && endpoint.seen().is_some_and(|seen| seen.at.timeline == required.timeline)
        });
        let Some((_, Server { read: lane, .. })) = fit.max_by_key(|(_, server)| furthest(server)) else {
            return Ok(None);
        };
        let until = Instant::now() + self.catch_up_wait;
        let lease = match self.take_within(lane, caller, wait, self.catch_up_wait).await {
            Ok(lease) => lease,
            Err(
                PoolError::Connect { .. }
                | PoolError::QueueFull { .. }
                | PoolError::Overloaded { .. }
                | PoolError::AcquireTimeout { .. },
            ) => return Ok(None),
            Err(other) => return Err(other),
        };
        if self.reaches(&lease, required, until).await {
            self.counts.from_replica.increment(1);
            return Ok(Some(lease));
        }
        Ok(None)
    }

    /// Whether the server of a session turns out to have reached `required` before `until`.
    async fn reaches(&self, lease: &Lease, required: Position, until: Instant) -> bool {
        if position::is_primary_only(required) {
            return false;
        }
        let began = Instant::now();
        let reached = tokio::time::timeout_at(until, async {
            // The position is read before the statement that follows on the same session takes its snapshot,
            // so what has been reached here is visible there.
            while let Ok(at) = lease.log_position().await {
                lease.lane().endpoint.replayed(at);
                if required.is_reached_at(at) {
                    return true;
                }
                tokio::time::sleep(CATCH_UP_STEP).await;
            }
            false
        });
        let reached = matches!(reached.await, Ok(true));
        self.counts.position_waits.record(began.elapsed());
        if reached { &self.counts.reached } else { &self.counts.not_reached }.increment(1);
        reached
    }

    /// What the scope requires by now and the server of a session is not known to have.
    pub(crate) fn missing(&self, lease: &Lease) -> Option<Position> {
        let required = Scope::with_current(|scope| scope.required(self.system)).flatten()?;
        let required = self.cluster.in_todays_terms(required).position;
        (!lease.lane().endpoint.has_reached(required)).then_some(required)
    }

    /// Whether the server of a session turns out to have reached `required` in the time a read may wait for it.
    pub(crate) async fn catches_up(&self, lease: &Lease, required: Position) -> bool {
        self.reaches(lease, required, Instant::now() + self.catch_up_wait).await
    }

    /// A session of one of several servers, in what is left of the wait, and of that at most `longest`.
    async fn take_within(
        &self,
        lane: &Arc<Lane>,
        caller: Caller,
        wait: &mut Wait,
        longest: Duration,
    ) -> Result<Lease, PoolError> {
        match lane.try_take(caller) {
            Some(lease) => Ok(lease),
            None => {
                // Nothing comes after the replicas.
                let share = if self.without_replica == WithoutReplica::Refuse { 1.0 } else { REPLICAS_SHARE };
                let left = wait.left(share).min(longest);
                self.wait(lane, caller, Patience::UntilFailure, left).await
            }
        }
    }

    /// A read-only session on the primary. With replicas there are other servers to ask, so a primary that is down is heard
    /// of at once.
    pub(crate) async fn primary_read(&self, caller: Caller) -> Result<Lease, PoolError> {
        self.primary_read_within(caller, &mut Wait::new(self.acquire_timeout)).await
    }

    async fn primary_read_within(&self, caller: Caller, wait: &mut Wait) -> Result<Lease, PoolError> {
        let alone = self.cluster.servers().len() == 1;
        let patience = if alone { Patience::UntilTimeout } else { Patience::UntilFailure };
        let lane = &self.cluster.primary().read;
        match lane.try_take(caller) {
            Some(lease) => Ok(lease),
            None => self.wait(lane, caller, patience, wait.left(1.0)).await,
        }
    }

    /// A read-only session on the primary, which has reached everything by definition.
    async fn primary_lease(
        &self,
        caller: Caller,
        required: Option<Position>,
        wait: &mut Wait,
    ) -> Result<Lease, PoolError> {
        let source = match self.primary_read_within(caller, wait).await {
            // An old primary that came back: what is required was written after another was promoted.
            Ok(lease) if required.is_some_and(|required| required.timeline > lease.origin().timeline) => {
                lease.lane().endpoint.doubt();
                let endpoint = lease.lane().endpoint.name.clone();
                PoolError::OldTimeline { endpoint, timeline: lease.origin().timeline }
            }
            Ok(lease) => {
                self.counts.from_primary.increment(1);
                return Ok(lease);
            }
            Err(error) => error,
        };
        let Some(required) =
            required.filter(|_| matches!(source, PoolError::Connect { .. } | PoolError::OldTimeline { .. }))
        else {
            return Err(source);
        };
        // Without a scope nobody would hear that the answer is an old one.
        if self.serve_behind && Scope::with_current(|_| ()).is_some() {
            let of_this = |endpoint: &Endpoint| {
                endpoint.is_usable() && endpoint.seen().is_some_and(|seen| seen.at.system == self.system)
            };
            for (_, server) in self.cluster.replicas().filter(|(_, server)| of_this(&server.endpoint)) {
                if let Ok(mut lease) = self.take_within(&server.read, caller, wait, Duration::MAX).await {
                    Scope::with_current(Scope::mark_behind);
                    lease.behind = true;
                    self.counts.behind.increment(1);
                    return Ok(lease);
                }
            }
        }
        Err(PoolError::Behind { required, source: Box::new(source) })
    }
}

/// Servers that failed this checkout already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Excluded(u32);

impl Excluded {
    pub(crate) const fn add(&mut self, server: usize) {
        self.0 |= 1 << server;
    }

    const fn any(self) -> bool {
        self.0 != 0
    }

    const fn has(self, server: usize) -> bool {
        self.0 & (1 << server) != 0
    }
}
