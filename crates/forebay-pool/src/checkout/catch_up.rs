//! Reads that must see what no replica is known to have: one may have it by now, or will in a moment.

use super::{Excluded, STEP, Wait};
use crate::{cluster::Server, error::PoolError, inner::Inner, lane::Caller, lease::Lease, position};
use forebay_scope::{Position, Scope};
use std::time::Duration;
use tokio::time::Instant;

impl Inner {
    /// A session on the most advanced replica, once that has reached `required`; `None` when it has not within
    /// the time a read may wait for it.
    pub(super) async fn caught_up(
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
        let lease = match self.take_within(lane, caller, wait, Some(self.catch_up_wait)).await {
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
                tokio::time::sleep(STEP).await;
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
}
