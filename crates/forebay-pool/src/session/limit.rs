//! `statement_timeout` from the caller's deadline: the server stops by itself what nobody waits for any more, also
//! when the request to cancel never arrives.

use super::Session;
use crate::tap::TransactionState;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Shortest limit that is set. Below it the request to cancel is what stops a statement in time, and cleaning a
/// session has the time it needs.
const MIN_MS: u64 = 100;
/// By how much the server's limit is behind the deadline, so that a request to cancel comes first.
const BEHIND_MS: u64 = 50;
/// A request to set it is under way or was dropped, so either value may be in force.
const UNKNOWN: u64 = u64::MAX;

/// What `statement_timeout` is at the server, in milliseconds; 0 is none.
#[derive(Debug)]
pub(crate) struct Limit {
    /// What the session began with: by the configuration, the role or the database.
    own: u64,
    /// Set for the session.
    session: AtomicU64,
    /// Set for the open transaction, where that is not what the session has.
    transaction: AtomicU64,
}

/// A change of the limit, sent ahead of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    milliseconds: u64,
    local: bool,
}

impl Limit {
    pub(crate) const fn new(own: u64) -> Self {
        Self::of_transactions(own, own)
    }

    /// Behind a pooler: what each transaction is to have, and what sessions of the server have.
    pub(crate) const fn of_transactions(own: u64, session: u64) -> Self {
        Self { own, session: AtomicU64::new(session), transaction: AtomicU64::new(UNKNOWN) }
    }

    /// What a transaction has to set that runs one statement, which may take `remaining`.
    pub(super) fn of_one_transaction(&self, remaining: Option<Duration>) -> Option<u64> {
        let wanted = self.wanted(remaining);
        (wanted != self.session.load(Ordering::Relaxed)).then_some(wanted)
    }

    fn wanted(&self, remaining: Option<Duration>) -> u64 {
        match remaining.map(|time| step(milliseconds(time) + BEHIND_MS)) {
            Some(wanted) if self.own == 0 || wanted < self.own => wanted,
            _ => self.own,
        }
    }

    /// What has to be set for a statement that may take `remaining`, in a session that stands at `state`. Limits come
    /// in steps of a quarter, and one that is a step too long is kept: a request's statements mostly need none.
    fn change(&self, remaining: Option<Duration>, state: TransactionState) -> Option<Change> {
        let session = self.session.load(Ordering::Relaxed);
        if remaining.is_none() && session == self.own && state == TransactionState::Idle {
            return None;
        }
        let local = match state {
            TransactionState::Idle => {
                // What begins now is another transaction.
                self.transaction.store(UNKNOWN, Ordering::Relaxed);
                false
            }
            TransactionState::Open => true,
            // Nothing is accepted.
            TransactionState::Failed | TransactionState::Unknown => return None,
        };
        let now = match self.transaction.load(Ordering::Relaxed) {
            UNKNOWN => session,
            set => set,
        };
        let wanted = self.wanted(remaining);
        let fits =
            if wanted == self.own { now == wanted } else { (wanted..=step(wanted + 1)).contains(&now) };
        (!fits).then_some(Change { milliseconds: wanted, local })
    }

    fn place(&self, change: Change) -> &AtomicU64 {
        if change.local { &self.transaction } else { &self.session }
    }

    /// `RESET ALL` was run.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.own);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(i32::MAX as u64 / 2)
}

/// The next of four steps to the double.
const fn step(milliseconds: u64) -> u64 {
    let at_least = if milliseconds < MIN_MS { MIN_MS } else { milliseconds };
    let unit = (1 << at_least.ilog2()) / 4;
    at_least.div_ceil(unit) * unit
}

impl Session {
    /// What has to be sent ahead of a statement that may take `remaining`. What a caller set himself stays.
    pub(crate) fn limit(&self, remaining: Option<Duration>) -> Option<Change> {
        // Behind a pooler a statement outside of a transaction has no session to set it for.
        if self.may_be_touched() || (self.is_pooled() && self.tap.transaction() == TransactionState::Idle) {
            return None;
        }
        self.limit.change(remaining, self.tap.transaction())
    }

    /// Sets the limit; polled before the statement it is for, so that both leave on one flush.
    pub(crate) async fn set_limit(&self, change: Change) {
        let Change { milliseconds, local } = change;
        let place = self.limit.place(change);
        place.store(UNKNOWN, Ordering::Relaxed);
        let scope = if local { "LOCAL " } else { "" };
        // A failure is the statement's as well, which tells of it.
        if self.batch(&format!("SET {scope}statement_timeout = {milliseconds}")).await.is_ok() {
            place.store(milliseconds, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Limit, TransactionState, step};
    use std::{sync::atomic::Ordering, time::Duration};

    fn needed(limit: &Limit, milliseconds: u64, state: TransactionState) -> Option<u64> {
        let change = limit.change(Some(Duration::from_millis(milliseconds)), state)?;
        limit.place(change).store(change.milliseconds, Ordering::Relaxed);
        Some(change.milliseconds)
    }

    #[test]
    fn steps_are_at_most_a_quarter() {
        for milliseconds in 100..100_000_u64 {
            let step = step(milliseconds);
            assert!(step >= milliseconds && step * 4 <= milliseconds * 5, "{milliseconds} {step}");
        }
    }

    #[test]
    fn the_statements_of_a_request_share_a_limit() {
        let limit = Limit::new(0);
        assert_eq!(limit.change(None, TransactionState::Idle), None);
        assert_eq!(needed(&limit, 5000, TransactionState::Idle), Some(5120));
        for later in [4999, 4500, 3800] {
            assert_eq!(needed(&limit, later, TransactionState::Idle), None);
        }
        assert_eq!(needed(&limit, 5200, TransactionState::Idle), Some(6144), "it would be stopped early");
        assert_eq!(needed(&limit, 1000, TransactionState::Idle), Some(1280), "it would be stopped late");
        let back = Change { milliseconds: 0, local: false };
        assert_eq!(limit.change(None, TransactionState::Idle), Some(back));
    }

    #[test]
    fn a_transaction_has_a_limit_of_its_own() {
        let limit = Limit::new(3000);
        assert_eq!(needed(&limit, 60_000, TransactionState::Idle), None, "the session's own is shorter");
        assert_eq!(needed(&limit, 1000, TransactionState::Open), Some(1280));
        assert_eq!(needed(&limit, 1000, TransactionState::Open), None);
        assert_eq!(limit.change(None, TransactionState::Failed), None);
        assert_eq!(limit.change(None, TransactionState::Idle), None, "it ended with the transaction");
        assert_eq!(needed(&limit, 1000, TransactionState::Idle), Some(1280));
    }
}
