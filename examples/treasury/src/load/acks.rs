use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// Every payment acknowledged so far in a run: what an answer is held against.
///
/// Versions of one account count up by one per payment, so "the last payment acknowledged before the request
/// began" is a number, and an answer that shows a smaller one is behind.
#[derive(Debug)]
pub(crate) struct Acks {
    /// The newest acknowledged version per account, by its place in the workload.
    newest: Vec<AtomicI64>,
    /// When each version was acknowledged; asked only when an answer is behind.
    times: Mutex<HashMap<usize, Vec<(i64, Instant)>>>,
}

impl Acks {
    pub(crate) fn new(accounts: usize) -> Self {
        Self { newest: (0..accounts).map(|_| AtomicI64::new(0)).collect(), times: Mutex::default() }
    }

    /// The newest version known to be acknowledged; read before a request is sent.
    pub(crate) fn newest(&self, account: usize) -> i64 {
        self.newest[account].load(Ordering::Acquire)
    }

    /// A payment was acknowledged just now.
    pub(crate) fn acknowledged(&self, account: usize, version: i64) {
        let now = Instant::now();
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.entry(account).or_default().push((version, now));
        drop(times);
        self.newest[account].fetch_max(version, Ordering::AcqRel);
    }

    /// By how much an answer that shows `version` was behind when its request began: the time since the
    /// earliest acknowledged payment it does not show.
    pub(crate) fn behind(&self, account: usize, version: i64, begun: Instant) -> Option<Duration> {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let unseen = times.get(&account)?.iter().filter(|(known, at)| *known > version && *at <= begun);
        unseen.map(|(_, at)| begun.duration_since(*at)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::Acks;
    use std::time::{Duration, Instant};

    #[test]
    fn an_answer_is_behind_by_the_age_of_the_first_payment_it_lacks() {
        let acks = Acks::new(2);
        assert_eq!(acks.newest(1), 0);
        acks.acknowledged(1, 4);
        acks.acknowledged(1, 5);
        assert_eq!((acks.newest(0), acks.newest(1)), (0, 5));
        let later = Instant::now() + Duration::from_secs(1);
        assert!(acks.behind(1, 3, later).is_some_and(|by| by >= Duration::from_secs(1)));
        assert!(acks.behind(1, 5, later).is_none());
        // A payment acknowledged after the request began says nothing about its answer.
        let before = Instant::now() - Duration::from_secs(1);
        assert!(acks.behind(1, 3, before).is_none());
    }
}
