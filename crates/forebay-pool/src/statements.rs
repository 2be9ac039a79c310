//! The prepared statements of one session.

use foldhash::fast::RandomState;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio_postgres::Statement;

/// Prepared statements by text; the least recently used one leaves first and is closed on the server.
#[derive(Debug)]
pub(crate) struct Statements {
    max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_text: HashMap<Box<str>, Entry, RandomState>,
    /// Counts look-ups: a larger number was used later.
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    statement: Statement,
    /// Running it leaves something in the session.
    leaves_something: bool,
    used: u64,
}

impl Statements {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, kept: Mutex::default() }
    }

    /// The statement of a text, and whether running it leaves something in the session.
    pub(crate) fn get(&self, sql: &str) -> Option<(Statement, bool)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        let entry = kept.by_text.get_mut(sql)?;
        entry.used = now;
        Some((entry.statement.clone(), entry.leaves_something))
    }

    pub(crate) fn keep(&self, sql: &str, statement: Statement, leaves_something: bool) {
        let left = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.uses += 1;
            let used = kept.uses;
            let mut left = None;
            if kept.by_text.len() >= self.max && !kept.by_text.contains_key(sql) {
                // A scan is enough: it runs once per statement prepared, which costs a round trip.
                let oldest =
                    kept.by_text.iter().min_by_key(|(_, entry)| entry.used).map(|(text, _)| text.clone());
                left = oldest.and_then(|text| kept.by_text.remove(&text));
            }
            (left, kept.by_text.insert(sql.into(), Entry { statement, leaves_something, used }))
        };
        // Dropped outside of the lock: it sends a message to the server.
        drop(left);
    }

    /// Forgets a statement that the server does not accept any more.
    pub(crate) fn forget(&self, sql: &str) {
        let gone = self.kept.lock().unwrap_or_else(PoisonError::into_inner).by_text.remove(sql);
        drop(gone);
    }
}
