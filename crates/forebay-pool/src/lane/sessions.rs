//! The sessions of one kind on one server: an idle list, a queue, and direct hand-off between them.

use super::{
    access::{Access, Patience},
    growth::Work,
};
use crate::{
    endpoint::Endpoint,
    error::{PoolError, SharedFailure, Step},
    lease::Lease,
    metrics::LaneMeters,
    session::Session,
};
use std::{
    collections::VecDeque,
    fmt, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc, oneshot};

/// The sessions of one kind on one server.
pub(crate) struct Lane {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) access: Access,
    pub(crate) config: tokio_postgres::Config,
    pub(super) max: usize,
    queue_max: usize,
    pub(super) state: Mutex<State>,
    /// Sessions lent to callers.
    busy: AtomicUsize,
    pub(super) work: mpsc::UnboundedSender<Work>,
    pub(crate) meters: LaneMeters,
    /// Rung after a session left a closed lane.
    pub(super) emptied: Notify,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Last in, first out: the warmest session is lent first, the others may time out.
    #[expect(clippy::vec_box, reason = "a session moves between list, queue and lease as one pointer")]
    pub(super) idle: Vec<Box<Session>>,
    /// First come, first served.
    pub(super) waiters: VecDeque<Waiter>,
    /// Sessions that exist in any state, and connects under way: never more than `max`.
    pub(super) size: usize,
    pub(super) connecting: usize,
    pub(super) closed: bool,
    pub(super) last_failure: Option<SharedFailure>,
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) hand: oneshot::Sender<Result<Lease, SharedFailure>>,
    pub(super) patience: Patience,
}

impl Lane {
    pub(crate) fn new(
        endpoint: Arc<Endpoint>,
        access: Access,
        config: tokio_postgres::Config,
        (max, queue_max): (usize, usize),
        work: mpsc::UnboundedSender<Work>,
        meters: LaneMeters,
    ) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            access,
            config,
            max,
            queue_max,
            state: Mutex::default(),
            busy: AtomicUsize::new(0),
            work,
            meters,
            emptied: Notify::new(),
        })
    }

    /// Takes in a session that was opened outside of a connect the lane asked for.
    pub(crate) fn adopt(self: &Arc<Self>, session: Box<Session>) {
        self.state().size += 1;
        self.put_back(session);
    }

    /// A session that is idle right now.
    pub(crate) fn try_take(self: &Arc<Self>) -> Option<Lease> {
        let mut dead = Vec::new();
        let taken = {
            let mut state = self.state();
            loop {
                match state.idle.pop() {
                    Some(session) if session.is_closed() => {
                        state.size -= 1;
                        dead.push(session);
                    }
                    taken => break taken,
                }
            }
        };
        drop(dead);
        taken.map(|session| self.lend(session))
    }

    /// A session, now or when one is free.
    ///
    /// Dropping the future leaves the queue; a session that was handed over meanwhile goes to the next.
    pub(crate) async fn take(
        self: &Arc<Self>,
        patience: Patience,
        timeout: Duration,
        deadline: Option<tokio::time::Instant>,
    ) -> Result<Lease, PoolError> {
        if let Some(lease) = self.try_take() {
            return Ok(lease);
        }
        let started = tokio::time::Instant::now();
        let until = started + timeout;
        let (until, is_deadline) = match deadline {
            Some(deadline) if deadline < until => (deadline, true),
            _ => (until, false),
        };
        let handed = self.enqueue(patience)?;
        match tokio::time::timeout_at(until, handed).await {
            Ok(Ok(Ok(lease))) => Ok(lease),
            Ok(Ok(Err(source))) => Err(PoolError::Connect { endpoint: self.endpoint.name.clone(), source }),
            // The sender went away: only a closing lane drops its waiters.
            Ok(Err(_)) => Err(PoolError::Closed),
            Err(_) if is_deadline => Err(PoolError::Deadline { step: Step::Acquire, outcome_unknown: false }),
            Err(_) => Err(PoolError::AcquireTimeout {
                endpoint: self.endpoint.name.clone(),
                waited: started.elapsed(),
                source: self.state().last_failure.clone(),
            }),
        }
    }

    fn enqueue(
        self: &Arc<Self>,
        patience: Patience,
    ) -> Result<oneshot::Receiver<Result<Lease, SharedFailure>>, PoolError> {
        let (hand, handed) = oneshot::channel();
        let connect = {
            let mut state = self.state();
            if state.closed {
                return Err(PoolError::Closed);
            }
            if state.waiters.len() >= self.queue_max {
                state.waiters.retain(|waiter| !waiter.hand.is_closed());
                if state.waiters.len() >= self.queue_max {
                    return Err(PoolError::QueueFull {
                        endpoint: self.endpoint.name.clone(),
                        limit: self.queue_max,
                    });
                }
            }
            // One may have come back between the look at the idle list and here.
            match state.idle.pop() {
                Some(session) => {
                    drop(state);
                    let lease = self.lend(session);
                    drop(hand.send(Ok(lease)));
                    return Ok(handed);
                }
                None => state.waiters.push_back(Waiter { hand, patience }),
            }
            state.wants_connect(self.max)
        };
        if connect {
            self.connect();
        }
        Ok(handed)
    }

    /// Takes back a clean session: to the first waiter that is still there, else to the idle list.
    pub(crate) fn put_back(self: &Arc<Self>, mut session: Box<Session>) {
        session.idle_since = Instant::now();
        let mut state = self.state();
        if state.closed || !session.fits(self.access) || session.is_past_lifetime(session.idle_since) {
            drop(state);
            if !session.fits(self.access) {
                self.endpoint.left_role();
            }
            self.lost(session);
            return;
        }
        while let Some(waiter) = state.waiters.pop_front() {
            match waiter.hand.send(Ok(self.lend(session))) {
                Ok(()) => return,
                // The waiter left. Its lease must not come back through `Drop`, which would lock again.
                Err(Ok(lease)) => session = self.unlend(lease),
                Err(Err(_)) => unreachable!("a lease was sent, not a failure"),
            }
        }
        state.idle.push(session);
    }

    /// Gives a session to the supervisor for cleaning; without one it is closed.
    pub(crate) fn clean_later(self: &Arc<Self>, session: Box<Session>) {
        if let Err(mpsc::error::SendError(Work::Clean(_, session))) =
            self.work.send(Work::Clean(Arc::clone(self), session))
        {
            self.lost(session);
        }
    }

    /// Closes a session and frees its slot; replaces it when somebody waits.
    pub(crate) fn lost(self: &Arc<Self>, session: Box<Session>) {
        drop(session);
        let connect = {
            let mut state = self.state();
            state.size -= 1;
            !state.closed && state.wants_connect(self.max)
        };
        self.emptied.notify_waiters();
        if connect {
            self.connect();
        }
    }

    /// Closes idle sessions that are dead, too old, or idle for too long.
    pub(crate) fn sweep(&self, now: Instant, idle_timeout: Duration, min: usize) {
        let gone: Vec<_> = {
            let mut state = self.state();
            let mut keep = min;
            let (kept, gone): (Vec<_>, Vec<_>) =
                mem::take(&mut state.idle).into_iter().rev().partition(|session| {
                    let alive =
                        !session.is_closed() && !session.is_past_lifetime(now) && session.fits(self.access);
                    let wanted = keep > 0 || now.saturating_duration_since(session.idle_since) < idle_timeout;
                    keep = if alive { keep.saturating_sub(1) } else { keep };
                    alive && wanted
                });
            state.idle = kept.into_iter().rev().collect();
            state.size -= gone.len();
            gone
        };
        drop(gone);
    }

    /// Refuses new callers, tells those who wait, closes what is idle.
    pub(crate) fn close(&self) {
        let (idle, waiters) = {
            let mut state = self.state();
            state.closed = true;
            state.size -= state.idle.len();
            (mem::take(&mut state.idle), mem::take(&mut state.waiters))
        };
        drop((idle, waiters));
        self.emptied.notify_waiters();
    }

    /// Resolves when a closed lane has no sessions left.
    pub(crate) async fn emptied(&self) {
        loop {
            let rung = self.emptied.notified();
            if self.state().size == 0 {
                return;
            }
            rung.await;
        }
    }

    pub(crate) fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    /// Sessions, idle ones, waiters.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.size, state.idle.len(), state.waiters.iter().filter(|w| !w.hand.is_closed()).count())
    }

    pub(crate) fn report(&self) {
        let (all, idle, waiting) = self.counts();
        self.meters.all.set(all as f64);
        self.meters.idle.set(idle as f64);
        self.meters.busy.set(self.busy() as f64);
        self.meters.waiting.set(waiting as f64);
    }

    pub(crate) const fn max(&self) -> usize {
        self.max
    }

    fn lend(self: &Arc<Self>, session: Box<Session>) -> Lease {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Lease::new(session, Arc::clone(self))
    }

    fn unlend(&self, lease: Lease) -> Box<Session> {
        self.given_back();
        lease.into_session()
    }

    /// A lease ended.
    pub(crate) fn given_back(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Each update is complete before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane")
            .field("endpoint", &self.endpoint.name)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
