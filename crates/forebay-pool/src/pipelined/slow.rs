//! Statements that take too long for sharing.

use foldhash::fast::RandomState;
use forebay_sql::Fingerprint;
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// How a kept statement did of late: one hiccup of the machine is not yet a slow statement.
#[derive(Debug, Default)]
pub(crate) struct Pace(AtomicU8);

impl Pace {
    /// A slow run counts as much as so many quick ones.
    const WEIGHT: u8 = 4;
    /// Slow runs that are too many.
    const TIMES: u8 = 3;

    /// Notes a run; whether slow ones were more than one in four of late, and at least three.
    pub(super) fn is_too_slow(&self, slow: bool) -> bool {
        let before = self.0.load(Ordering::Relaxed);
        if !slow {
            if before > 0 {
                self.0.store(before - 1, Ordering::Relaxed);
            }
            return false;
        }
        let now = before.saturating_add(Self::WEIGHT);
        let too_slow = now > Self::WEIGHT * (Self::TIMES - 1);
        self.0.store(if too_slow { 0 } else { now }, Ordering::Relaxed);
        too_slow
    }
}

/// What is kept out of the shared sessions for a while, by fingerprint.
#[derive(Debug)]
pub(crate) struct Slow {
    max: usize,
    time: Duration,
    /// While there is none, a statement pays one relaxed load.
    any: AtomicBool,
    until: Mutex<HashMap<Fingerprint, Instant, RandomState>>,
}

impl Slow {
    pub(crate) fn new(max: usize, time: Duration) -> Self {
        Self { max, time, any: AtomicBool::new(false), until: Mutex::default() }
    }

    pub(super) fn knows(&self, statement: Fingerprint) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let mut until = self.until();
        match until.get(&statement) {
            None => false,
            Some(until) if Instant::now() < *until => true,
            Some(_) => {
                until.remove(&statement);
                self.any.store(!until.is_empty(), Ordering::Relaxed);
                false
            }
        }
    }

    /// Keeps a statement out from now on. In a full table it takes the place of the one that would leave next.
    pub(super) fn learn(&self, statement: Fingerprint) {
        let now = Instant::now();
        let mut until = self.until();
        if until.len() >= self.max && !until.contains_key(&statement) {
            // Rare, and the table is small.
            let next = until.iter().min_by_key(|(_, until)| **until).map(|(statement, _)| *statement);
            next.map(|next| until.remove(&next));
        }
        until.insert(statement, now + self.time);
        self.any.store(true, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> usize {
        let now = Instant::now();
        self.until().values().filter(|until| **until > now).count()
    }

    fn until(&self) -> MutexGuard<'_, HashMap<Fingerprint, Instant, RandomState>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, Slow};
    use forebay_sql::fingerprint;
    use std::time::Duration;

    #[test]
    fn a_hiccup_now_and_then_is_not_a_slow_statement() {
        let pace = Pace::default();
        for _ in 0..100 {
            assert!(!pace.is_too_slow(true));
            assert!((0..4).all(|_| !pace.is_too_slow(false)));
        }
        assert!(!pace.is_too_slow(true));
        assert!(!pace.is_too_slow(false));
        assert!(!pace.is_too_slow(true));
        assert!(pace.is_too_slow(true), "three of four");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_slow_is_tried_again_after_its_time() {
        let slow = Slow::new(2, Duration::from_secs(60));
        let [a, b, c] = ["SELECT a", "SELECT b", "SELECT c"].map(fingerprint);
        assert!(!slow.knows(a));
        slow.learn(a);
        tokio::time::advance(Duration::from_secs(1)).await;
        slow.learn(b);
        assert!(slow.knows(a) && slow.knows(b));
        slow.learn(c);
        assert!(!slow.knows(a), "the oldest made room");
        assert_eq!(slow.count(), 2);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(!slow.knows(b) && !slow.knows(c));
        assert_eq!(slow.count(), 0);
    }
}
