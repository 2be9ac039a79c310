//! What is out: by whom, taken where, since when.

use super::caller::Caller;
use std::{
    panic::Location,
    time::{Duration, Instant},
};
use tokio::task;

/// Names one loan of a lane while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoanId(usize);

#[derive(Debug)]
struct Loan {
    caller: Caller,
    task: Option<task::Id>,
    /// When it was first looked at: a checkout does not ask the time.
    seen: Option<Instant>,
    /// It lasted too long, and that was said.
    told: bool,
}

/// A loan that lasts longer than it should.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overdue {
    pub(crate) place: &'static Location<'static>,
    pub(crate) held: Duration,
}

/// The sessions of a lane that are with callers. Kept under the lane's lock, which each checkout and each return
/// takes anyway.
#[derive(Debug, Default)]
pub(super) struct Loans {
    entries: Vec<Option<Loan>>,
    free: Vec<usize>,
}

impl Loans {
    pub(super) fn begin(&mut self, caller: Caller, task: Option<task::Id>) -> LoanId {
        let loan = Some(Loan { caller, task, seen: None, told: false });
        match self.free.pop() {
            Some(index) => {
                self.entries[index] = loan;
                LoanId(index)
            }
            None => {
                self.entries.push(loan);
                LoanId(self.entries.len() - 1)
            }
        }
    }

    pub(super) fn end(&mut self, id: LoanId) {
        debug_assert!(self.entries[id.0].is_some(), "a loan ends once");
        self.entries[id.0] = None;
        self.free.push(id.0);
    }

    /// Where a task took a session that it still has.
    pub(super) fn place_of(&self, task: task::Id) -> Option<&'static Location<'static>> {
        let mut loans = self.entries.iter().flatten();
        loans.find(|loan| loan.task == Some(task)).map(|loan| loan.caller.place)
    }

    /// The task of each loan, as far as it was taken in one.
    pub(super) fn tasks(&self) -> impl Iterator<Item = Option<task::Id>> {
        self.entries.iter().flatten().map(|loan| loan.task)
    }

    pub(super) const fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Looks at every loan; returns those that have lasted for `limit` by now and were not returned before.
    pub(super) fn look(&mut self, now: Instant, limit: Duration) -> Vec<Overdue> {
        let mut found = Vec::new();
        for loan in self.entries.iter_mut().flatten() {
            let seen = *loan.seen.get_or_insert(now);
            let held = now.saturating_duration_since(seen);
            if held >= limit && !loan.told {
                loan.told = true;
                found.push(Overdue { place: loan.caller.place, held });
            }
        }
        found
    }

    /// Every loan that was found to last too long, and still does.
    pub(super) fn overdue(&self, now: Instant) -> Vec<Overdue> {
        let told = self.entries.iter().flatten().filter(|loan| loan.told);
        told.filter_map(|loan| {
            let held = now.saturating_duration_since(loan.seen?);
            Some(Overdue { place: loan.caller.place, held })
        })
        .collect()
    }
}
