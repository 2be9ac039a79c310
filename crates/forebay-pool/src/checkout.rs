//! Which session a read gets: the replica that may serve it, else the primary.

mod catch_up;

use crate::{
    endpoint::{Endpoint, Role},
    error::PoolError,
    freshness::{Freshness, WithoutReplica},
    inner::Inner,
    lane::{Caller, Lane, Patience},
    lease::Lease,
    mode::Mode,
};
use forebay_scope::{Position, Scope};
use forebay_traffic::Permit;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// Pause between two looks at a server.
const STEP: Duration = Duration::from_millis(1);
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

    /// Now, and when this share of it, from 0 to 1, ends.
    fn until(&mut self, share: f64) -> (Instant, Instant) {
        let now = Instant::now();
        (now, *self.began.get_or_insert(now) + self.total.mul_f64(share))
    }

    fn is_over(&mut self) -> bool {
        let (now, until) = self.until(1.0);
        until <= now
    }
}

/// What one read needs of a server, and who was asked so far.
struct Search {
    lag_max: Duration,
    required: Option<Position>,
    /// Not to be asked again.
    failed: Excluded,
    /// One that could have served it had no session for it.
    unable: bool,
    /// Chosen, with leave of its breaker, and without an idle session.
    waited_for: Option<(usize, Permit)>,
}

impl Search {
    /// Whether what is required is there, as far as is known.
    fn is_served_by(&self, endpoint: &Endpoint) -> bool {
        self.required.is_none_or(|required| endpoint.has_reached(required))
    }

    fn gave_none(&mut self, server: usize) {
        self.failed.add(server);
        self.unable = true;
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
        let mut search = self.search(freshness);
        match self.at_once(&mut search, caller) {
            Some(lease) => Ok(lease),
            // Rare, and larger than the rest of the callers' futures.
            None => Box::pin(self.in_time(search, caller)).await,
        }
    }

    fn search(&self, freshness: Freshness) -> Search {
        Search {
            lag_max: freshness.lag_max.unwrap_or(self.lag_max),
            required: self.required(freshness).map(|required| self.wanted(required)),
            failed: Excluded::default(),
            unable: false,
            waited_for: None,
        }
    }

    /// A session that is idle now on the server that the read belongs to: mostly there is one, and nothing is waited for.
    fn at_once(&self, search: &mut Search, caller: Caller) -> Option<Lease> {
        if self.mode == Mode::PerUse {
            return None;
        }
        while let Some((index, permit)) = self.permitted(search) {
            let lane = &self.cluster.servers()[index].read;
            match lane.try_take(caller) {
                Some(lease) if search.is_served_by(&lane.endpoint) => return Some(self.lent(lease, permit)),
                Some(_) => search.failed.add(index),
                None => {
                    search.waited_for = Some((index, permit));
                    return None;
                }
            }
        }
        let alone = self.cluster.servers().len() == 1;
        if !alone && (search.required.is_some() || self.without_replica == WithoutReplica::Refuse) {
            return None;
        }
        let lease = self.cluster.primary().read.try_take(caller)?;
        if is_older(&lease, search.required) {
            return None;
        }
        self.counts.from_primary.increment(1);
        self.fell_back(search, &lease);
        Some(lease)
    }

    /// The rest of the search, where something has to be waited for.
    async fn in_time(&self, mut search: Search, caller: Caller) -> Result<Lease, PoolError> {
        let (required, lag_max) = (search.required, search.lag_max);
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
        let mut next = search.waited_for.take();
        while let Some((index, permit)) = next.take().or_else(|| self.permitted(&mut search)) {
            let lane = &self.cluster.servers()[index].read;
            match self.take_within(lane, caller, &mut wait, None).await {
                // A wait, or a new session, may have found the replica further back than it was.
                Ok(_) if !search.is_served_by(&lane.endpoint) => search.failed.add(index),
                Ok(lease) => return Ok(self.lent(lease, permit)),
                Err(PoolError::Connect { .. }) => {
                    permit.failed();
                    lane.endpoint.member.note_failure();
                    search.gave_none(index);
                }
                // Overload of one says nothing about the others.
                Err(
                    PoolError::QueueFull { .. }
                    | PoolError::Overloaded { .. }
                    | PoolError::AcquireTimeout { .. },
                ) => search.gave_none(index),
                Err(other) => return Err(other),
            }
        }
        if let Some(required) = required
            && let Some(lease) = self.caught_up(caller, required, lag_max, search.failed, &mut wait).await?
        {
            return Ok(lease);
        }
        if self.without_replica == WithoutReplica::Refuse && self.cluster.servers().len() > 1 {
            return Err(PoolError::NoReplica { lag_max, required });
        }
        let lease = self.primary_lease(caller, required, &mut wait).await?;
        self.fell_back(&search, &lease);
        Ok(lease)
    }

    /// The next replica of a search, and leave of its breaker.
    fn permitted(&self, search: &mut Search) -> Option<(usize, Permit)> {
        while let Some(index) = self.choose(search.required, search.lag_max, search.failed) {
            // A replica whose circuit is open is left alone; asking for the permit is what lets a probe through.
            match self.cluster.servers()[index].endpoint.breaker.permit() {
                Ok(permit) => return Some((index, permit)),
                Err(_) => search.gave_none(index),
            }
        }
        None
    }

    /// Counts a session of a replica.
    fn lent(&self, lease: Lease, permit: Permit) -> Lease {
        self.counts.from_replica.increment(1);
        lease.with_permit(permit)
    }

    /// Counts a read that the primary serves although there are replicas, by what they lack.
    fn fell_back(&self, search: &Search, lease: &Lease) {
        if self.cluster.servers().len() == 1 || lease.lane().endpoint.role() == Role::Replica {
            return;
        }
        let is_fresh = |server| self.lag_if_fit(server, None, search.lag_max).is_some();
        let why = if search.unable {
            &self.counts.none_free
        } else if search.required.is_some() && (0..self.cluster.servers().len()).any(is_fresh) {
            &self.counts.not_there
        } else {
            &self.counts.none_fresh
        };
        why.increment(1);
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
        while is_old() && primary.is_usable() && !wait.is_over() {
            tokio::time::sleep(STEP).await;
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
        // Nothing to choose from.
        if self.cluster.servers().len() == 1 {
            return None;
        }
        self.selection.choose(&self.cluster, |server| {
            if failed.has(server) { None } else { self.lag_if_fit(server, required, lag_max) }
        })
    }

    /// How far behind the primary a server is, if it is a replica that may serve such a read.
    fn lag_if_fit(&self, server: usize, required: Option<Position>, lag_max: Duration) -> Option<Duration> {
        let endpoint = &self.cluster.replica(server)?.endpoint;
        let lag = endpoint.lag().filter(|lag| *lag <= lag_max)?;
        let fits = endpoint.is_usable() && required.is_none_or(|required| endpoint.has_reached(required));
        fits.then_some(lag)
    }

    /// A session of one of several servers, in what is left of the wait, and of that at most `longest`.
    async fn take_within(
        &self,
        lane: &Arc<Lane>,
        caller: Caller,
        wait: &mut Wait,
        longest: Option<Duration>,
    ) -> Result<Lease, PoolError> {
        match lane.try_take(caller) {
            Some(lease) => Ok(lease),
            None => {
                // Nothing comes after the replicas.
                let share = if self.without_replica == WithoutReplica::Refuse { 1.0 } else { REPLICAS_SHARE };
                let (now, until) = wait.until(share);
                let until = longest.map_or(until, |longest| until.min(now + longest));
                self.wait(lane, caller, Patience::UntilFailure, now, until).await
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
            None => {
                let (now, until) = wait.until(1.0);
                self.wait(lane, caller, patience, now, until).await
            }
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
            Ok(lease) if is_older(&lease, required) => {
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
                if let Ok(mut lease) = self.take_within(&server.read, caller, wait, None).await {
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

/// Whether a session of the primary is of a timeline that had ended when what is required was written.
fn is_older(lease: &Lease, required: Option<Position>) -> bool {
    required.is_some_and(|required| required.timeline > lease.origin().timeline)
}

/// Servers that failed this checkout already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Excluded(u32);

impl Excluded {
    pub(crate) const fn add(&mut self, server: usize) {
        self.0 |= 1 << server;
    }

    const fn has(self, server: usize) -> bool {
        self.0 & (1 << server) != 0
    }
}
