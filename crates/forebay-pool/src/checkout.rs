//! Which session a read gets: the replica that may serve it, else the primary.

use crate::{
    config::PoolConfig,
    error::PoolError,
    inner::Inner,
    lane::{Caller, Lane, Patience},
    lease::Lease,
    position,
    selector::Candidate,
};
use forebay_scope::{Position, Scope};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Pause between two looks at a replica that has not replayed a position yet.
const CATCH_UP_STEP: Duration = Duration::from_millis(1);

impl Inner {
    /// A read-only session that has reached what the scope, and the caller, require.
    pub(crate) async fn read_lease(
        &self,
        caller: Caller,
        after: Option<Position>,
    ) -> Result<Lease, PoolError> {
        let of_scope = Scope::with_current(|scope| scope.required(self.system)).flatten();
        let required = match (after, of_scope) {
            (Some(after), Some(of_scope)) => Some(after.newest(of_scope)),
            (after, of_scope) => after.or(of_scope),
        };
        let mut failed = Excluded::default();
        // All servers together get the time that one wait may take; asked for only when there is a wait.
        let mut until = None;
        while let Some(index) = self.choose(required, failed) {
            let lane = &self.replicas[index];
            // A replica whose circuit is open is left alone; asking for the permit is what lets a probe through.
            let Ok(permit) = lane.endpoint.breaker.permit() else {
                failed.add(index);
                continue;
            };
            match self.take_until(lane, caller, &mut until).await {
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
                    failed.add(index);
                }
                // Overload of one says nothing about the others.
                Err(PoolError::QueueFull { .. } | PoolError::AcquireTimeout { .. }) => failed.add(index),
                Err(other) => return Err(other),
            }
        }
        if let Some(required) = required
            && let Some(lease) = self.caught_up(caller, required, failed).await?
        {
            return Ok(lease);
        }
        self.primary_lease(caller, required).await
    }

    /// A replica that is usable, fresh enough, and known to have reached `required`.
    fn choose(&self, required: Option<Position>, failed: Excluded) -> Option<usize> {
        let mut candidates = [Candidate::default(); PoolConfig::REPLICAS_MAX];
        let mut count = 0;
        for (replica, lane) in self.replicas.iter().enumerate() {
            let endpoint = &lane.endpoint;
            let Some(lag) = endpoint.lag().filter(|lag| *lag <= self.lag_max) else { continue };
            if failed.has(replica)
                || !endpoint.is_usable()
                || required.is_some_and(|required| !endpoint.has_reached(required))
            {
                continue;
            }
            candidates[count] = Candidate { replica, in_use: lane.busy(), latency: endpoint.latency(), lag };
            count += 1;
        }
        match count {
            0 => None,
            1 => Some(candidates[0].replica),
            _ => {
                let chosen = self.selector.select(&candidates[..count]);
                Some(candidates.get(chosen).filter(|_| chosen < count).unwrap_or(&candidates[0]).replica)
            }
        }
    }

    /// A session on the most advanced replica, once that has reached `required`; `None` when it has not within
    /// the time a read may wait for it.
    async fn caught_up(
        &self,
        caller: Caller,
        required: Position,
        failed: Excluded,
    ) -> Result<Option<Lease>, PoolError> {
        let furthest = |lane: &Arc<Lane>| lane.endpoint.seen().map(|seen| (seen.at.timeline, seen.at.lsn));
        let fit = self.replicas.iter().enumerate().filter(|(index, lane)| {
            !failed.has(*index)
                && lane.endpoint.is_usable()
                && !position::is_primary_only(required)
                && lane.endpoint.lag().is_some_and(|lag| lag <= self.lag_max)
                // Another timeline never reaches it: its log may have forked before.
                && lane.endpoint.seen().is_some_and(|seen| seen.at.timeline == required.timeline)
        });
        let Some((_, lane)) = fit.max_by_key(|(_, lane)| furthest(lane)) else { return Ok(None) };
        let until = Instant::now() + self.catch_up_wait;
        let lease = match self.take_until(lane, caller, &mut Some(until)).await {
            Ok(lease) => lease,
            Err(
                PoolError::Connect { .. } | PoolError::QueueFull { .. } | PoolError::AcquireTimeout { .. },
            ) => return Ok(None),
            Err(other) => return Err(other),
        };
        if self.reaches(&lease, required, until).await {
            self.counts.reached.increment(1);
            self.counts.from_replica.increment(1);
            return Ok(Some(lease));
        }
        self.counts.not_reached.increment(1);
        Ok(None)
    }

    /// Whether the server of a session turns out to have reached `required` before `until`.
    async fn reaches(&self, lease: &Lease, required: Position, until: Instant) -> bool {
        if position::is_primary_only(required) {
            return false;
        }
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
        matches!(reached.await, Ok(true))
    }

    /// What the scope requires by now and the server of a session is not known to have.
    pub(crate) fn missing(&self, lease: &Lease) -> Option<Position> {
        let required = Scope::with_current(|scope| scope.required(self.system)).flatten()?;
        (!lease.lane().endpoint.has_reached(required)).then_some(required)
    }

    /// Whether the server of a session turns out to have reached `required` in the time a read may wait for it.
    pub(crate) async fn catches_up(&self, lease: &Lease, required: Position) -> bool {
        self.reaches(lease, required, Instant::now() + self.catch_up_wait).await
    }

    /// [`Inner::take`] for a caller that has other servers to ask, until a common point in time.
    async fn take_until(
        &self,
        lane: &Arc<Lane>,
        caller: Caller,
        until: &mut Option<Instant>,
    ) -> Result<Lease, PoolError> {
        match lane.try_take(caller) {
            Some(lease) => Ok(lease),
            None => {
                let now = Instant::now();
                let until = *until.get_or_insert(now + self.acquire_timeout);
                self.wait(lane, caller, Patience::UntilFailure, until.saturating_duration_since(now)).await
            }
        }
    }

    /// A read-only session on the primary, which has reached everything by definition.
    async fn primary_lease(&self, caller: Caller, required: Option<Position>) -> Result<Lease, PoolError> {
        // With replicas there are other servers to ask, so a primary that is down is heard of at once.
        let patience = if self.replicas.is_empty() { Patience::UntilTimeout } else { Patience::UntilFailure };
        let source = match self.take(&self.primary_read, caller, patience).await {
            // An old primary that came back: what is required was written after another was promoted.
            Ok(lease) if required.is_some_and(|required| required.timeline > lease.origin().timeline) => {
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
            let of_this = |lane: &&Arc<Lane>| {
                lane.endpoint.is_usable()
                    && lane.endpoint.seen().is_some_and(|seen| seen.at.system == self.system)
            };
            for lane in self.replicas.iter().filter(of_this) {
                if let Ok(mut lease) = self.take(lane, caller, Patience::UntilFailure).await {
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

/// Replicas that failed this checkout already.
#[derive(Debug, Clone, Copy, Default)]
struct Excluded(u16);

impl Excluded {
    const fn add(&mut self, replica: usize) {
        self.0 |= 1 << replica;
    }

    const fn has(self, replica: usize) -> bool {
        self.0 & (1 << replica) != 0
    }
}
