//! A clock for encoders that moves when it is told to, and by a fixed step whenever it is read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

#[derive(Debug, Clone, Default)]
pub(crate) struct Hand {
    now: Arc<AtomicU64>,
    step: Arc<AtomicU64>,
}

impl Hand {
    /// What the layer is given: each encoding takes one step.
    pub(crate) fn clock(&self) -> impl Fn() -> Duration + Send + Sync + use<> {
        let hand = self.clone();
        move || Duration::from_nanos(hand.now.fetch_add(hand.step.load(Ordering::Relaxed), Ordering::Relaxed))
    }

    pub(crate) fn each_encoding_takes(&self, step: Duration) {
        self.step.store(nanos(step), Ordering::Relaxed);
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(nanos(time), Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("centuries")
}
