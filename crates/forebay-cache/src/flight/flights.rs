use super::lead::{Landing, Lead};
#[cfg(test)]
use crate::guards::{self, Guard};
use crate::{
    LoadFailed,
    clock::{Clock, Moment, nanos},
};
use forebay_scope::Scope;
#[cfg(test)]
use std::sync::atomic::AtomicBool;
use std::{
    collections::HashMap,
    fmt,
    hash::BuildHasher,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    time::error::Elapsed,
};

type Table<V> = HashMap<Box<[u8]>, Arc<Flight<V>>, foldhash::fast::RandomState>;

/// The loads of one cache that are under way, by the bytes of their key.
///
/// The lock of a key's shard is also the memory fence: storing a load's result and forgetting the key both
/// hold it, so a result whose flight was ended by an invalidation is never stored.
pub(crate) struct Flights<V> {
    shards: Box<[Mutex<Table<V>>]>,
    hasher: foldhash::fast::RandomState,
    clock: Clock,
    /// How long one load may take before newcomers no longer wait for it.
    load_max: Duration,
}

/// One load that is under way, and those who wait for it.
pub(crate) struct Flight<V> {
    /// One permit: who has it leads. It goes to the longest waiting caller when the leader is dropped, and is
    /// closed when there is an outcome.
    pub(super) turn: Semaphore,
    pub(super) landing: OnceLock<Landing<V>>,
    /// When the present leader began, or was called upon.
    pub(super) led_since: AtomicU64,
    /// How many callers take part; changed under the lock of the key's shard.
    seats: AtomicUsize,
    /// Whether it was ended and still stands in the table, because [`Guard::OlderFlight`] is off.
    #[cfg(test)]
    ended: AtomicBool,
}

/// How a caller takes part in a load.
pub(crate) enum Joined<'a, V> {
    /// It runs its own loader.
    Lead(Lead<'a, V>),
    /// Another did.
    Landed(Landing<V>),
}

impl<V> Flights<V> {
    /// More shards than threads ever load at once, so that two keys seldom share a lock.
    const SHARDS: usize = 64;

    pub(crate) fn new(clock: Clock, load_max: Duration) -> Self {
        let shards = (0..Self::SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: foldhash::fast::RandomState::default(), clock, load_max }
    }

    /// How many keys are being loaded. Takes each shard's lock in turn.
    pub(crate) fn len(&self) -> usize {
        let count = |shard: &Mutex<Table<V>>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(count).sum()
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The lock of a key: whoever holds it decides alone what happens to the key in memory.
    pub(crate) fn lock(&self, key: &[u8]) -> Shard<'_, V> {
        let index = self.hasher.hash_one(key) as usize % Self::SHARDS;
        // Every change under the lock is one insertion or removal, so a panic leaves a whole table.
        Shard(self.shards[index].lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[cfg(test)]
    pub(crate) fn is_locked(&self, key: &[u8]) -> bool {
        let index = self.hasher.hash_one(key) as usize % Self::SHARDS;
        self.shards[index].try_lock().is_err()
    }

    /// Takes part in the load of `key`: leads it, or waits for the one who does.
    ///
    /// Cancel safe: a waiter that is dropped leaves no trace.
    pub(crate) async fn join(&self, key: &[u8]) -> Joined<'_, V> {
        loop {
            let seat = self.sit(key, true).expect("a seat is always made when asked for");
            // A permit is given back by `Lead` when that is dropped without an outcome.
            match self.turn(&seat.flight).await {
                Err(_elapsed) => return Joined::Landed(Landing::Failed(LoadFailed::Deadline)),
                Ok(Ok(())) => {
                    let lead = Lead::new(seat);
                    if lead.is_current() {
                        return Joined::Lead(lead);
                    }
                    // The key was invalidated while we waited, so what we would load could not be stored.
                }
                Ok(Err(_closed)) => {
                    if let Some(landing) = seat.flight.landing.get() {
                        return Joined::Landed(landing.clone());
                    }
                }
            }
        }
    }

    /// Waits for the permit of `flight`, or for its end, but not for ever, nor past the caller's deadline.
    async fn turn(&self, flight: &Flight<V>) -> Result<Result<(), AcquireError>, Elapsed> {
        // At once for the first caller, who then needs no timer.
        if let Ok(permit) = flight.turn.try_acquire() {
            permit.forget();
            return Ok(Ok(()));
        }
        let left = Scope::with_current(Scope::remaining).flatten().unwrap_or(Duration::MAX);
        let turn = tokio::time::timeout(self.load_max.min(left), flight.turn.acquire()).await?;
        Ok(turn.map(SemaphorePermit::forget))
    }

    /// For how long `key` has been loaded by who does so now.
    pub(crate) fn led_for(&self, key: &[u8]) -> Option<Duration> {
        let led_since = self.lock(key).0.get(key)?.led_since.load(Ordering::Acquire);
        Some(Duration::from_nanos(self.clock.now().saturating_sub(led_since)))
    }

    /// Whether nobody loads `key`.
    pub(crate) fn is_idle(&self, key: &[u8]) -> bool {
        !self.lock(key).0.contains_key(key)
    }

    /// Leads a load of `key` if nobody does so already.
    pub(crate) fn try_lead(&self, key: &[u8]) -> Option<Lead<'_, V>> {
        let seat = self.sit(key, false)?;
        seat.flight.turn.try_acquire().ok()?.forget();
        Some(Lead::new(seat))
    }

    /// Leads a new load of `key`. One that is under way goes on for those who wait for it, and is not stored.
    pub(crate) fn lead_anew(&self, key: &[u8]) -> Lead<'_, V> {
        let now = self.clock.now();
        let seat = {
            let mut shard = self.lock(key);
            shard.detach(key);
            let seat = self.sit_anew(&mut shard, key, now);
            // Nobody else knows of the flight before the lock is free.
            let permit = seat.flight.turn.try_acquire().expect("a new flight has its one permit");
            permit.forget();
            seat
        };
        Lead::new(seat)
    }

    /// A seat in the flight of `key`; in a new one if there is none, or if the present one took too long. With
    /// `join` unset, only in a new one.
    fn sit(&self, key: &[u8], join: bool) -> Option<Seat<'_, V>> {
        let now = self.clock.now();
        let mut shard = self.lock(key);
        if let Some(flight) = shard.0.get(key) {
            let led_since = flight.led_since.load(Ordering::Acquire);
            if now.saturating_sub(led_since) < nanos(self.load_max) {
                return join.then(|| {
                    flight.seats.fetch_add(1, Ordering::Relaxed);
                    Seat { flights: self, key: key.into(), flight: flight.clone() }
                });
            }
        }
        Some(self.sit_anew(&mut shard, key, now))
    }

    /// The first seat in a new flight of `key`.
    fn sit_anew(&self, shard: &mut Shard<'_, V>, key: &[u8], now: Moment) -> Seat<'_, V> {
        let flight = Arc::new(Flight {
            turn: Semaphore::new(1),
            landing: OnceLock::new(),
            led_since: AtomicU64::new(now),
            seats: AtomicUsize::new(1),
            #[cfg(test)]
            ended: AtomicBool::new(false),
        });
        shard.0.insert(key.into(), flight.clone());
        Seat { flights: self, key: key.into(), flight }
    }
}

impl<V> fmt::Debug for Flights<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("load_max", &self.load_max).finish_non_exhaustive()
    }
}

/// The locked part of the table that holds one key.
pub(crate) struct Shard<'a, V>(MutexGuard<'a, Table<V>>);

impl<V> Shard<'_, V> {
    /// Ends the flight of `key`: who comes later does not join it, and its result is not stored.
    pub(crate) fn detach(&mut self, key: &[u8]) {
        #[cfg(test)]
        if !guards::holds(Guard::OlderFlight) {
            if let Some(flight) = self.0.get(key) {
                flight.ended.store(true, Ordering::Relaxed);
            }
            return;
        }
        self.0.remove(key);
    }

    /// [`Shard::detach`], unless the flight of `key` is another one by now.
    pub(super) fn detach_if(&mut self, key: &[u8], flight: &Arc<Flight<V>>) {
        if self.has(key, flight) {
            self.0.remove(key);
        }
    }

    /// Whether the flight of `key` is still this one.
    pub(super) fn holds(&self, key: &[u8], flight: &Arc<Flight<V>>) -> bool {
        #[cfg(test)]
        if flight.ended.load(Ordering::Relaxed) {
            return false;
        }
        self.has(key, flight)
    }

    fn has(&self, key: &[u8], flight: &Arc<Flight<V>>) -> bool {
        self.0.get(key).is_some_and(|present| Arc::ptr_eq(present, flight))
    }
}

/// One caller's part in a flight; the last one to leave an unfinished flight takes it off the table.
pub(crate) struct Seat<'a, V> {
    pub(super) flights: &'a Flights<V>,
    pub(super) key: Box<[u8]>,
    pub(super) flight: Arc<Flight<V>>,
}

impl<V> Drop for Seat<'_, V> {
    fn drop(&mut self) {
        let mut shard = self.flights.lock(&self.key);
        if self.flight.seats.fetch_sub(1, Ordering::Relaxed) == 1 {
            shard.detach_if(&self.key, &self.flight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Barrier, thread};

    #[test]
    fn callers_that_leave_at_once_leave_no_flight() {
        let flights: Flights<()> = Flights::new(Clock::system(), Duration::from_secs(1));
        for _ in 0..300 {
            let both = Barrier::new(2);
            thread::scope(|scope| {
                for seat in [flights.sit(b"key", true), flights.sit(b"key", true)] {
                    let both = &both;
                    scope.spawn(move || {
                        both.wait();
                        drop(seat);
                    });
                }
            });
            assert!(flights.is_idle(b"key"));
        }
    }
}
