//! The sessions of one kind on one server: an idle list, a queue, and direct hand-off between them.

use super::{
    access::{Access, Patience},
    caller::Caller,
    growth::Work,
    limits::Limits,
    loans::{LoanId, Loans},
    nested::NestedSeen,
    overload::Overload,
    queue::Queue,
};
use crate::{
    counts::{Gone, LaneMeters},
    endpoint::Endpoint,
    error::PoolError,
    lease::Lease,
    session::Session,
    shared_failure::SharedFailure,
    step::Step,
    target::Target,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use tokio::{
    sync::{Notify, mpsc},
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
    /// Connects under way that are to replace a session, and sessions opened so while the old one is still there.
    pub(super) replacing: usize,
    pub(super) replaced: usize,
    pub(super) overload: Overload,
    /// Nothing is lent for now.
    pub(super) paused: bool,
    pub(super) closed: bool,
    pub(super) last_failure: Option<SharedFailure>,
}

/// Whether a session that is put away was in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    New,
    Used,
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
            replacing: 0,
            replaced: 0,
            overload: Overload::new(limits.delay),
            paused: false,
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
            if state.paused {
                return None;
            }
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
        self.close_all(dead, |session| if session.is_closed() { Gone::Lost } else { Gone::Epoch });
        taken
    }

    /// A session, `now` or when one is free, at the latest at `until` or the caller's deadline.
    ///
    /// Dropping the future leaves the queue; a session that was handed over meanwhile goes to the next.
    pub(crate) async fn take(
        self: &Arc<Self>,
        caller: Caller,
        patience: Patience,
        now: tokio::time::Instant,
        until: tokio::time::Instant,
        deadline: Option<tokio::time::Instant>,
    ) -> Result<Lease, PoolError> {
        if let Some(lease) = self.try_take(caller) {
            return Ok(lease);
        }
        let (until, is_deadline) = match deadline {
            Some(deadline) if deadline < until => (deadline, true),
            _ => (until, false),
        };
        let handed = self.enqueue(caller, patience, now.into_std())?;
        match tokio::time::timeout_at(until, handed).await {
            Ok(Ok(Ok(lease))) => Ok(lease),
            Ok(Ok(Err(refusal))) => Err(self.refused(refusal)),
            // The sender went away: only a closing lane drops its waiters.
            Ok(Err(_)) => Err(PoolError::Closed),
            Err(_) if is_deadline => Err(PoolError::Deadline { step: Step::Acquire, outcome_unknown: false }),
            Err(_) => Err(PoolError::AcquireTimeout {
                endpoint: self.endpoint.name.clone(),
                waited: now.elapsed(),
                source: self.why_none(),
            }),
        }
    }

    /// Takes back what was lent.
    pub(crate) fn take_back(self: &Arc<Self>, session: Box<Session>, loan: LoanId) {
        if !session.is_closed() && session.is_clean() {
            let now = Instant::now();
            let mut state = self.state();
            self.end(&mut state, loan);
            return self.shelve(state, session, now, Freshness::Used);
        }
        self.end(&mut self.state(), loan);
        if session.is_closed() {
            self.gone(session, Gone::Lost);
        } else {
            self.clean_later(session);
        }
    }

    /// Takes in a clean session that was not lent.
    pub(crate) fn put_back(self: &Arc<Self>, session: Box<Session>) {
        let now = Instant::now();
        self.shelve(self.state(), session, now, Freshness::Used);
    }

    /// To the first waiter that is still there, else to the idle list, unless its time is over.
    pub(super) fn shelve(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        mut session: Box<Session>,
        now: Instant,
        freshness: Freshness,
    ) {
        session.idle_since = now;
        let fits = session.is_standby(self.endpoint.is_standby());
        let due = self.is_due(&session, now);
        let why = if state.closed {
            Some(Gone::Shutdown)
        } else if !fits {
            Some(Gone::Epoch)
        } else if state.size > state.max {
            Some(Gone::Resized)
        } else {
            self.is_over(&session, now).or_else(|| (due && state.replaced > 0).then_some(Gone::Lifetime))
        };
        if let Some(why) = why {
            drop(state);
            if !fits {
                self.endpoint.doubt();
            }
            self.gone(session, why);
            return;
        }
        let replace = due && self.limits.keeps && state.wants_replacement();
        if let Some(session) = self.hand_on(&mut state, session, now) {
            if !self.limits.keeps {
                drop(state);
                return self.gone(session, Gone::Used);
            }
            state.overload.calm();
            match freshness {
                Freshness::Used => state.idle.push(session),
                // It has nothing prepared yet.
                Freshness::New => state.idle.insert(0, session),
            }
        }
        drop(state);
        if replace {
            self.connect();
        }
    }

    /// Gives a session to who waits; back when nobody does.
    pub(super) fn hand_on(
        self: &Arc<Self>,
        state: &mut State,
        mut session: Box<Session>,
        now: Instant,
    ) -> Option<Box<Session>> {
        if state.paused {
            return Some(session);
        }
        while let Some(waiter) = state.queue.pop() {
            let lease = self.lend(state, session, waiter.caller, waiter.task);
            match waiter.hand.send(Ok(lease)) {
                Ok(()) => {
                    let waited = now.saturating_duration_since(waiter.since);
                    state.overload.served(waiter.caller.priority, waited, now);
                    return None;
                }
                // The waiter left. Its lease must not come back through `Drop`, which would lock again.
                Err(Ok(lease)) => {
                    let (back, loan) = lease.into_parts();
                    self.end(state, loan);
                    session = back;
                }
                Err(Err(_)) => unreachable!("a lease was sent, not a refusal"),
            }
        }
        Some(session)
    }

    /// Gives a session to the supervisor for cleaning; without one it is closed.
    fn clean_later(self: &Arc<Self>, session: Box<Session>) {
        if let Err(mpsc::error::SendError(Work::Clean(_, session))) =
            self.work.send(Work::Clean(Arc::clone(self), session))
        {
            self.gone(session, Gone::Shutdown);
        }
    }

    /// Closes a session and frees its slot; replaces it when somebody waits.
    pub(crate) fn gone(self: &Arc<Self>, session: Box<Session>, why: Gone) {
        self.meters.closed.count(why);
        drop(session);
        let connect = {
            let mut state = self.state();
            state.size -= 1;
            // It made room for what was opened in the place of another.
            state.replaced = state.replaced.saturating_sub(1);
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

    /// Why nobody got a session in time, as far as that is known.
    fn why_none(&self) -> Option<SharedFailure> {
        let state = self.state();
        if state.paused {
            Some(SharedFailure::new("these sessions are paused"))
        } else {
            state.last_failure.clone()
        }
    }

    pub(super) fn lend(
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
