//! The sessions of one kind on one server: an idle list, a queue, and direct hand-off between them.

use super::{
    access::{Access, Patience},
    caller::Caller,
    growth::Work,
    limits::Limits,
    loans::{LoanId, Loans},
    nested::{self, NestedPlaces, NestedSeen},
    queue::{Handed, Queue, Waiter},
};
use crate::{
    endpoint::Endpoint,
    error::{PoolError, SharedFailure, Step},
    lease::Lease,
    metrics::LaneMeters,
    session::Session,
    target::Target,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task,
};

/// The sessions of one kind on one server.
pub(crate) struct Lane {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) access: Access,
    pub(crate) target: Target,
    pub(super) limits: Limits,
    pub(super) state: Mutex<State>,
    /// Sessions lent to callers: the number of loans, for those who do not want to lock.
    busy: AtomicUsize,
    pub(super) work: mpsc::UnboundedSender<Work>,
    pub(crate) meters: LaneMeters,
    /// Rung after a session left a closed lane.
    pub(super) emptied: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    /// Last in, first out: the warmest session is lent first, the others may time out.
    #[expect(clippy::vec_box, reason = "a session moves between list, queue and lease as one pointer")]
    pub(super) idle: Vec<Box<Session>>,
    pub(super) queue: Queue,
    pub(super) loans: Loans,
    pub(super) nested: NestedSeen,
    /// Most sessions there may be.
    pub(super) max: usize,
    /// Sessions that exist in any state, and connects under way: more than `max` only after that was lowered.
    pub(super) size: usize,
    pub(super) connecting: usize,
    pub(super) closed: bool,
    pub(super) last_failure: Option<SharedFailure>,
}

impl Lane {
    pub(crate) fn new(
        endpoint: Arc<Endpoint>,
        access: Access,
        target: Target,
        limits: Limits,
        work: mpsc::UnboundedSender<Work>,
        meters: LaneMeters,
    ) -> Arc<Self> {
        let state = State {
            idle: Vec::new(),
            queue: Queue::default(),
            loans: Loans::default(),
            nested: NestedSeen::default(),
            max: limits.max,
            size: 0,
            connecting: 0,
            closed: false,
            last_failure: None,
        };
        Arc::new(Self {
            endpoint,
            access,
            target,
            limits,
            state: Mutex::new(state),
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
    pub(crate) fn try_take(self: &Arc<Self>, caller: Caller) -> Option<Lease> {
        let task = task::try_id();
        let mut dead = Vec::new();
        let taken = {
            let mut state = self.state();
            loop {
                match state.idle.pop() {
                    Some(session) if session.is_closed() || !self.is_current(&session) => {
                        state.size -= 1;
                        dead.push(session);
                    }
                    Some(session) => break Some(self.lend(&mut state, session, caller, task)),
                    None => break None,
                }
            }
        };
        drop(dead);
        taken
    }

    /// A session, now or when one is free.
    ///
    /// Dropping the future leaves the queue; a session that was handed over meanwhile goes to the next.
    pub(crate) async fn take(
        self: &Arc<Self>,
        caller: Caller,
        patience: Patience,
        timeout: Duration,
        deadline: Option<tokio::time::Instant>,
    ) -> Result<Lease, PoolError> {
        if let Some(lease) = self.try_take(caller) {
            return Ok(lease);
        }
        let started = tokio::time::Instant::now();
        let until = started + timeout;
        let (until, is_deadline) = match deadline {
            Some(deadline) if deadline < until => (deadline, true),
            _ => (until, false),
        };
        let handed = self.enqueue(caller, patience)?;
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
        caller: Caller,
        patience: Patience,
    ) -> Result<oneshot::Receiver<Handed>, PoolError> {
        let (hand, handed) = oneshot::channel();
        let task = task::try_id();
        let mut state = self.state();
        if state.closed {
            return Err(PoolError::Closed);
        }
        // One may have come back between the look at the idle list and here.
        if let Some(session) = state.idle.pop() {
            let lease = self.lend(&mut state, session, caller, task);
            drop(state);
            drop(hand.send(Ok(lease)));
            return Ok(handed);
        }
        if state.queue.len() >= self.limits.queue_max {
            state.queue.forget_gone();
            if state.queue.len() >= self.limits.queue_max {
                let endpoint = self.endpoint.name.clone();
                return Err(PoolError::QueueFull { endpoint, limit: self.limits.queue_max });
            }
        }
        let nested = task.and_then(|task| Some((task, state.loans.place_of(task)?)));
        if let Some((task, held_at)) = nested {
            state = self.note_nested(state, task, NestedPlaces { held_at, asked_at: caller.place })?;
        }
        state.queue.push(Waiter { hand, patience, caller, task });
        let connect = state.wants_connect();
        drop(state);
        if connect {
            self.connect();
        }
        Ok(handed)
    }

    /// A task that holds a session is about to wait for another.
    fn note_nested<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        task: task::Id,
        places: NestedPlaces,
    ) -> Result<MutexGuard<'a, State>, PoolError> {
        self.meters.nested.increment(1);
        let news = state.nested.note(places, self.limits.nested_places_max);
        let refused = self.limits.nested_refused
            && state.loans.len() >= state.max
            && nested::is_deadlock(&state.loans, &state.queue, task);
        let NestedPlaces { held_at, asked_at } = places;
        if news {
            tracing::warn!(
                endpoint = %self.endpoint.name,
                kind = self.access.as_str(),
                %held_at,
                %asked_at,
                "a task waits for a session while it holds one of the same kind; when all do, none goes on"
            );
        }
        if refused {
            return Err(PoolError::Nested { endpoint: self.endpoint.name.clone(), held_at, asked_at });
        }
        Ok(state)
    }

    /// Takes back what was lent.
    pub(crate) fn take_back(self: &Arc<Self>, session: Box<Session>, loan: LoanId) {
        if !session.is_closed() && session.is_clean() {
            let now = Instant::now();
            let mut state = self.state();
            self.end(&mut state, loan);
            return self.shelve(state, session, now);
        }
        self.end(&mut self.state(), loan);
        if session.is_closed() {
            self.lost(session);
        } else {
            self.clean_later(session);
        }
    }

    /// Takes in a clean session that was not lent.
    pub(crate) fn put_back(self: &Arc<Self>, session: Box<Session>) {
        let now = Instant::now();
        self.shelve(self.state(), session, now);
    }

    /// To the first waiter that is still there, else to the idle list.
    fn shelve(self: &Arc<Self>, mut state: MutexGuard<'_, State>, mut session: Box<Session>, now: Instant) {
        session.idle_since = now;
        let fits = session.is_standby(self.endpoint.is_standby());
        if state.closed || !fits || !self.is_current(&session) || session.is_past_lifetime(now) {
            drop(state);
            if !fits {
                self.endpoint.doubt();
            }
            self.lost(session);
            return;
        }
        while let Some(waiter) = state.queue.pop() {
            let lease = self.lend(&mut state, session, waiter.caller, waiter.task);
            match waiter.hand.send(Ok(lease)) {
                Ok(()) => return,
                // The waiter left. Its lease must not come back through `Drop`, which would lock again.
                Err(Ok(lease)) => {
                    let (back, loan) = lease.into_parts();
                    self.end(&mut state, loan);
                    session = back;
                }
                Err(Err(_)) => unreachable!("a lease was sent, not a failure"),
            }
        }
        state.idle.push(session);
    }

    /// Gives a session to the supervisor for cleaning; without one it is closed.
    fn clean_later(self: &Arc<Self>, session: Box<Session>) {
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
            !state.closed && state.wants_connect()
        };
        self.emptied.notify_waiters();
        if connect {
            self.connect();
        }
    }

    pub(crate) fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    fn lend(
        self: &Arc<Self>,
        state: &mut State,
        session: Box<Session>,
        caller: Caller,
        task: Option<task::Id>,
    ) -> Lease {
        let loan = state.loans.begin(caller, task);
        self.busy.store(state.loans.len(), Ordering::Relaxed);
        Lease::new(session, Arc::clone(self), loan, caller)
    }

    fn end(&self, state: &mut State, loan: LoanId) {
        state.loans.end(loan);
        self.busy.store(state.loans.len(), Ordering::Relaxed);
    }

    /// Whether the server is still what it was when the session was opened.
    pub(super) fn is_current(&self, session: &Session) -> bool {
        session.epoch == self.endpoint.epoch()
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
