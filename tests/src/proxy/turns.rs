//! Counting round trips.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Whose turn it is on one connection.
#[derive(Debug)]
pub(super) struct Turns {
    asking: AtomicBool,
    /// Of all connections.
    trips: Arc<AtomicU64>,
}

impl Turns {
    pub(super) fn new(trips: Arc<AtomicU64>) -> Self {
        Self { asking: AtomicBool::new(false), trips }
    }

    pub(super) fn asked(&self) {
        if !self.asking.swap(true, Ordering::Relaxed) {
            self.trips.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn answered(&self) {
        self.asking.store(false, Ordering::Relaxed);
    }
}
