use super::flights::{Seat, Shard};
use crate::{
    LoadFailed,
    guards::{self, Guard},
    memory::Life,
};
use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

/// How a load ended, for those who waited for it.
pub(crate) enum Landing<V> {
    /// With a value.
    Value {
        /// The value.
        value: Arc<V>,
        /// What it may be used for, and for how long.
        life: Arc<Life>,
        /// Whether it was read from a server that may not have reached what was required, or depends on more than its
        /// tags say.
        behind: bool,
    },
    /// There is no such thing.
    Absent {
        /// What that depends on, and since when it is known.
        life: Arc<Life>,
        /// Whether it was found out at a place that may not have reached what was required, or depends on more
        /// than its tags say.
        behind: bool,
        /// What a return type that cannot say so says instead, if the loader said it by an error.
        failed: Option<LoadFailed>,
    },
    /// Not at all; a stale value may stand in.
    Failed(LoadFailed),
    /// Not at all, and nothing may stand in.
    Fatal(LoadFailed),
}

impl<V> Clone for Landing<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Value { value, life, behind } => {
                Self::Value { value: value.clone(), life: life.clone(), behind: *behind }
            }
            Self::Absent { life, behind, failed } => {
                Self::Absent { life: life.clone(), behind: *behind, failed: failed.clone() }
            }
            Self::Failed(failed) => Self::Failed(failed.clone()),
            Self::Fatal(failed) => Self::Fatal(failed.clone()),
        }
    }
}

/// The right to run the loader of a flight. Dropped without a landing it goes to the longest waiting caller, also while a panic
/// unwinds: a loader's own ends its flight before.
pub(crate) struct Lead<'a, V>(Seat<'a, V>);

impl<'a, V> Lead<'a, V> {
    pub(super) fn new(seat: Seat<'a, V>) -> Self {
        seat.flight.led_since.store(seat.flights.now(), Ordering::Release);
        Self(seat)
    }

    /// Whether the flight still stands: the key was not invalidated, and the load not given up, since it began.
    pub(crate) fn is_current(&self) -> bool {
        self.0.flights.lock(&self.0.key).holds(&self.0.key, &self.0.flight)
    }

    /// Runs `store` if the flight still stands, while nobody can invalidate the key.
    pub(crate) fn meanwhile<R>(&self, store: impl FnOnce() -> R) -> Option<R> {
        let shard = self.0.flights.lock(&self.0.key);
        self.may_store(&shard).then(store)
    }

    /// [`Lead::meanwhile`], and then ends the flight.
    pub(crate) fn land<R>(self, landing: Landing<V>, store: impl FnOnce() -> R) -> Option<R> {
        let stored = {
            let mut shard = self.0.flights.lock(&self.0.key);
            let stored = self.may_store(&shard).then(store);
            shard.detach_if(&self.0.key, &self.0.flight);
            stored
        };
        self.end(landing);
        stored
    }

    fn may_store(&self, shard: &Shard<'_, V>) -> bool {
        shard.holds(&self.0.key, &self.0.flight) || !guards::holds(Guard::MemoryFence)
    }

    fn end(&self, landing: Landing<V>) {
        // Only a leader ends a flight, and it does so once.
        if self.0.flight.landing.set(landing).is_ok() {
            self.0.flight.turn.close();
        }
    }
}

impl<V> Drop for Lead<'_, V> {
    fn drop(&mut self) {
        if self.0.flight.turn.is_closed() {
            return;
        }
        // Whoever is called upon may never be polled again: newcomers do not wait for it for ever.
        self.0.flight.led_since.store(self.0.flights.now(), Ordering::Release);
        self.0.flight.turn.add_permits(1);
    }
}

impl<V> fmt::Debug for Lead<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lead").field(&self.0.key).finish()
    }
}
