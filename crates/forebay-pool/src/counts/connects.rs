//! Connections that were opened, and why others were not.

use super::tally::Tally;
use crate::{
    error::PoolError,
    metrics::{CONNECT_FAILURES, CONNECTS},
    refusal::ConnectReason,
};
use forebay_metrics::Meter;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Attempts to open connections of one kind to one server, since the pool was built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConnectsStatus {
    /// Those that succeeded.
    pub opened: u64,
    /// Those that failed, by [`ConnectReason::as_str`](crate::ConnectReason::as_str), or `wrong_role` and
    /// `other_system` for a server that is not what it has to be.
    pub failed: BTreeMap<&'static str, u64>,
}

/// Counts attempts to open connections of one kind to one server.
#[derive(Debug)]
pub(crate) struct Connects {
    opened: Tally,
    /// Registered when they first happen: there are few reasons for one server, of many there could be.
    failed: Mutex<BTreeMap<&'static str, Tally>>,
    meter: Meter,
    endpoint: String,
    kind: &'static str,
}

impl Connects {
    pub(crate) fn new(meter: &Meter, endpoint: &str, kind: &'static str) -> Self {
        Self {
            opened: Tally::new(meter.counter(&CONNECTS, &[endpoint, kind])),
            failed: Mutex::default(),
            meter: meter.clone(),
            endpoint: endpoint.to_owned(),
            kind,
        }
    }

    /// Counts an attempt by how it ended.
    pub(crate) fn ended<T>(&self, result: &Result<T, PoolError>) {
        match result {
            Ok(_) => self.opened.increment(1),
            Err(error) => self.failed(reason(error)),
        }
    }

    /// For an attempt whose future may be dropped when it takes too long.
    pub(crate) const fn begin(&self) -> Attempt<'_> {
        Attempt { connects: self, over: false }
    }

    fn failed(&self, reason: &'static str) {
        let new = || {
            let labels = [self.endpoint.as_str(), self.kind, reason];
            Tally::new(self.meter.counter(&CONNECT_FAILURES, &labels))
        };
        self.by_reason().entry(reason).or_insert_with(new).increment(1);
    }

    pub(crate) fn status(&self) -> ConnectsStatus {
        let failed = self.by_reason().iter().map(|(reason, tally)| (*reason, tally.total())).collect();
        ConnectsStatus { opened: self.opened.total(), failed }
    }

    fn by_reason(&self) -> MutexGuard<'_, BTreeMap<&'static str, Tally>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt under way. Dropped untold, it had no answer in time.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    connects: &'a Connects,
    over: bool,
}

impl Attempt<'_> {
    pub(crate) fn ended(mut self, failed: Option<ConnectReason>) {
        self.over = true;
        match failed {
            None => self.connects.opened.increment(1),
            Some(reason) => self.connects.failed(reason.as_str()),
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.connects.failed(ConnectReason::NoAnswer.as_str());
        }
    }
}

fn reason(error: &PoolError) -> &'static str {
    match error {
        PoolError::NotPrimary { .. } | PoolError::NotReplica { .. } => "wrong_role",
        PoolError::OtherSystem { .. } => "other_system",
        other => other.connect_reason().map_or("other", ConnectReason::as_str),
    }
}
