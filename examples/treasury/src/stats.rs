use crate::cpu;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};

/// What a service has done since it started; `/_stats` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stats {
    pub(crate) mode: String,
    /// Requests on read routes.
    pub(crate) reads: u64,
    /// Those of them that sent no query to the database.
    pub(crate) reads_without_query: u64,
    /// Queries sent for read routes.
    pub(crate) read_queries: u64,
    /// Payments asked for.
    pub(crate) payments: u64,
    /// Queries sent for payments.
    pub(crate) payment_queries: u64,
    /// Processor time of this process, in seconds.
    pub(crate) cpu_seconds: f64,
    /// Resident memory of this process, in bytes; 0 where the system does not tell.
    pub(crate) resident_bytes: u64,
    /// Look-ups per cache tier.
    pub(crate) tiers: BTreeMap<String, Lookups>,
}

/// How often a tier was asked, and had it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Lookups {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

/// Running totals.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    reads: AtomicU64,
    reads_without_query: AtomicU64,
    read_queries: AtomicU64,
    payments: AtomicU64,
    payment_queries: AtomicU64,
}

impl Counters {
    /// Counts a request on a read route when the tally ends.
    pub(crate) fn read(&self) -> Tally<'_> {
        Tally { counters: self, is_read: true, queries: AtomicU32::new(0) }
    }

    /// Counts a payment when the tally ends.
    pub(crate) fn payment(&self) -> Tally<'_> {
        Tally { counters: self, is_read: false, queries: AtomicU32::new(0) }
    }

    /// The totals so far.
    pub(crate) fn stats(&self, mode: &str) -> Stats {
        Stats {
            mode: mode.to_owned(),
            reads: self.reads.load(Relaxed),
            reads_without_query: self.reads_without_query.load(Relaxed),
            read_queries: self.read_queries.load(Relaxed),
            payments: self.payments.load(Relaxed),
            payment_queries: self.payment_queries.load(Relaxed),
            cpu_seconds: cpu::process_seconds(),
            resident_bytes: cpu::resident_bytes(),
            tiers: BTreeMap::new(),
        }
    }
}

/// The queries of one request; a request that was abandoned half-way counts too.
#[derive(Debug)]
pub(crate) struct Tally<'a> {
    counters: &'a Counters,
    is_read: bool,
    queries: AtomicU32,
}

impl Tally<'_> {
    /// One more query was sent.
    pub(crate) fn queried(&self) {
        self.queries.fetch_add(1, Relaxed);
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        let queries = u64::from(*self.queries.get_mut());
        let counters = self.counters;
        if self.is_read {
            counters.reads.fetch_add(1, Relaxed);
            counters.reads_without_query.fetch_add(u64::from(queries == 0), Relaxed);
            counters.read_queries.fetch_add(queries, Relaxed);
        } else {
            counters.payments.fetch_add(1, Relaxed);
            counters.payment_queries.fetch_add(queries, Relaxed);
        }
    }
}
