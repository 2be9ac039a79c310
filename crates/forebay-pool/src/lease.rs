//! A session on loan.

use crate::{
    endpoint::Role,
    lane::{Access, Caller, Lane, LoanId},
    session::Session,
    tap::TransactionState,
};
use forebay_scope::Reach;
use forebay_traffic::{Call, Permit};
use std::{
    ops::Deref,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A session on loan from a lane. Dropping it gives a clean session back at once, and any other to the
/// supervisor; it never waits.
#[derive(Debug)]
pub(crate) struct Lease {
    /// `None` only while the lease is being taken apart.
    session: Option<Box<Session>>,
    lane: Arc<Lane>,
    loan: LoanId,
    caller: Caller,
    /// What the breaker of a replica is waiting to hear: the outcome of the first statement. Dropped untold, it
    /// counts as neither.
    permit: Mutex<Option<Permit>>,
    /// Counts as work of its server, for the balancer.
    _call: Call,
    /// How long the caller waited for it.
    pub(crate) waited: Duration,
    /// A statement on it may have changed the schema, which others see from the end of its transaction on.
    changed_schema: AtomicBool,
    /// Lent although its server has not reached what was required; the scope was told.
    pub(crate) behind: bool,
}

impl Lease {
    pub(crate) fn new(session: Box<Session>, lane: Arc<Lane>, loan: LoanId, caller: Caller) -> Self {
        let call = lane.endpoint.member.start();
        Self {
            session: Some(session),
            lane,
            loan,
            caller,
            permit: Mutex::new(None),
            _call: call,
            waited: Duration::ZERO,
            changed_schema: AtomicBool::new(false),
            behind: false,
        }
    }

    /// Will tell the breaker how the first statement ended.
    pub(crate) fn with_permit(mut self, permit: Permit) -> Self {
        *self.permit.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        self
    }

    /// Tells the balancer how a read ended, and the breaker, once, whether the server did its part: an SQL error is an
    /// answer as well.
    pub(crate) fn served(&self, answered: bool, elapsed: Duration) {
        let member = &self.lane.endpoint.member;
        match self.lane.access {
            Access::Read | Access::Pipelined if answered => member.note_answer(elapsed),
            Access::Read | Access::Pipelined => member.note_failure(),
            // The primary's writes say nothing about how it reads.
            Access::Write => {}
        }
        if let Some(permit) = self.permit.lock().unwrap_or_else(PoisonError::into_inner).take() {
            if answered { permit.succeeded() } else { permit.failed() }
        }
    }

    pub(crate) fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    /// Who has it.
    pub(crate) const fn caller(&self) -> Caller {
        self.caller
    }

    /// Whether what it writes would be lost: its server is not the primary any more.
    pub(crate) fn is_fenced(&self) -> bool {
        self.lane.access == Access::Write && self.epoch != self.lane.endpoint.epoch()
    }

    /// How far the server is known to have got for a statement that is sent now.
    pub(crate) fn reach(&self) -> Reach {
        let tap = self.tap();
        if tap.in_flight() > 0 || tap.transaction() != TransactionState::Idle {
            return Reach::Unknown;
        }
        self.reach_alone()
    }

    /// The same for a statement that commits by itself, whatever others have under way on the session.
    pub(crate) fn reach_alone(&self) -> Reach {
        match self.lane.endpoint.role() {
            Role::Primary => Reach::Newest,
            Role::Replica => self.lane.endpoint.seen().map_or(Reach::Unknown, |seen| Reach::At(seen.at)),
        }
    }

    pub(crate) fn note_schema_change(&self) {
        self.changed_schema.store(true, Ordering::Relaxed);
    }

    /// Whether a statement may have changed the schema since this was last asked.
    pub(crate) fn took_schema_change(&self) -> bool {
        self.changed_schema.swap(false, Ordering::Relaxed)
    }

    /// Takes the session out without giving it back; the loan is the lane's to end.
    pub(crate) fn into_parts(mut self) -> (Box<Session>, LoanId) {
        let session = self.session.take();
        (session.expect("a lease holds its session until it is taken apart, once, by value"), self.loan)
    }

    pub(crate) fn session_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect("a lease holds its session until it is taken apart, once, by value")
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect("a lease holds its session until it is taken apart, once, by value")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.lane.take_back(session, self.loan);
        }
    }
}
