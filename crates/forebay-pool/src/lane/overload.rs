//! Whether one more may wait.
//!
//! After CoDel (RFC 8289): a queue that is empty again and again absorbs a burst and is left alone; one in which even
//! the shortest wait of a whole interval was too long stands, and only makes everybody late. Each class has a queue of
//! its own in this sense: that the high one is served at once says nothing of the low one.

use super::caller::Priority;
use std::time::{Duration, Instant};

/// When a queue counts as standing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DelayTarget {
    pub(crate) target: Duration,
    pub(crate) interval: Duration,
}

/// What the waits of each class were like.
#[derive(Debug)]
pub(super) struct Overload {
    limit: Option<DelayTarget>,
    classes: [Waits; Priority::COUNT],
    /// Nothing was noted since all was calm.
    calm: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Waits {
    interval_ends: Option<Instant>,
    /// Of this interval.
    shortest: Option<Duration>,
    /// Even the shortest wait of the last interval was too long.
    standing: bool,
}

impl Overload {
    pub(super) const fn new(limit: Option<DelayTarget>) -> Self {
        let waits = Waits { interval_ends: None, shortest: None, standing: false };
        Self { limit, classes: [waits; Priority::COUNT], calm: true }
    }

    /// Somebody got a session after waiting for `waited`.
    pub(super) fn served(&mut self, class: Priority, waited: Duration, now: Instant) {
        let Some(limit) = self.limit else { return };
        self.calm = false;
        let waits = &mut self.classes[class as usize];
        waits.shortest = Some(waits.shortest.map_or(waited, |shortest| shortest.min(waited)));
        waits.pass(limit, waited, now);
    }

    /// Nobody waits.
    pub(super) fn calm(&mut self) {
        if !self.calm {
            *self = Self::new(self.limit);
        }
    }

    /// Whether one more of a class is too many, in which the one at the head has waited for `oldest` so far.
    pub(super) fn is_too_much(&mut self, class: Priority, oldest: Duration, now: Instant) -> bool {
        let Some(limit) = self.limit else { return false };
        self.calm = false;
        let waits = &mut self.classes[class as usize];
        waits.pass(limit, oldest, now);
        waits.standing && oldest > limit.target
    }

    /// When to come again: not before those who wait now are through, and not all at once.
    pub(super) fn retry_in(&self, delay: Duration) -> Duration {
        let interval = self.limit.map_or(Duration::ZERO, |limit| limit.interval);
        delay.max(interval).mul_f64(rand::random_range(1.0..1.5))
    }
}

impl Waits {
    /// Judges the interval if it is over; when nobody was served in it, by the wait of the one at the head.
    fn pass(&mut self, limit: DelayTarget, oldest: Duration, now: Instant) {
        let ends = *self.interval_ends.get_or_insert(now + limit.interval);
        if now >= ends {
            self.standing = self.shortest.take().unwrap_or(oldest) > limit.target;
            self.interval_ends = Some(now + limit.interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DelayTarget, Overload};
    use crate::lane::Priority;
    use std::{
        collections::VecDeque,
        time::{Duration, Instant},
    };

    const MS: Duration = Duration::from_millis(1);
    const LIMIT: DelayTarget =
        DelayTarget { target: Duration::from_millis(20), interval: Duration::from_millis(100) };

    /// One server that needs 10 ms for each caller, and callers at these milliseconds: how many are refused, and
    /// the longest wait of the others.
    fn run(arrivals: impl Iterator<Item = u32>, until: u32) -> (usize, Duration) {
        let begin = Instant::now();
        let mut overload = Overload::new(Some(LIMIT));
        let (mut queue, mut free_at) = (VecDeque::new(), 0);
        let (mut refused, mut longest) = (0, Duration::ZERO);
        let mut arrivals = arrivals.peekable();
        for at in 0..until {
            let now = begin + MS * at;
            while arrivals.next_if(|arrival| *arrival <= at).is_some() {
                let oldest = queue.front().map(|since: &u32| MS * (at - since));
                if oldest.is_some_and(|oldest| overload.is_too_much(Priority::Normal, oldest, now)) {
                    refused += 1;
                } else {
                    queue.push_back(at);
                }
            }
            if at >= free_at {
                match queue.pop_front() {
                    Some(since) => {
                        let waited = MS * (at - since);
                        overload.served(Priority::Normal, waited, now);
                        longest = longest.max(waited);
                        free_at = at + 10;
                    }
                    None => overload.calm(),
                }
            }
        }
        (refused, longest)
    }

    #[test]
    fn a_burst_that_drains_within_the_interval_is_absorbed() {
        let bursts = (0..10).flat_map(|second| std::iter::repeat_n(second * 1_000, 9));
        assert_eq!(run(bursts, 10_000).0, 0);
    }

    #[test]
    fn what_the_server_can_do_is_not_refused() {
        assert_eq!(run((0..10_000).step_by(10), 10_000).0, 0);
    }

    #[test]
    fn a_standing_queue_is_cut_and_the_server_stays_busy() {
        // Twice what it can do.
        let (refused, longest) = run((0..10_000).step_by(5), 10_000);
        assert!(longest <= 2 * (LIMIT.target + LIMIT.interval), "waited {longest:?}");
        // Of 2000 callers it can serve 1000.
        assert!((900..=1_000).contains(&refused), "{refused} refused");
    }

    #[test]
    fn one_class_says_nothing_of_the_other() {
        let mut overload = Overload::new(Some(LIMIT));
        let begin = Instant::now();
        for at in 0..300 {
            let now = begin + MS * at;
            overload.served(Priority::High, Duration::ZERO, now);
            overload.served(Priority::Low, MS * 50, now);
        }
        let now = begin + MS * 300;
        assert!(overload.is_too_much(Priority::Low, MS * 50, now));
        assert!(!overload.is_too_much(Priority::High, MS * 50, now));
    }

    #[test]
    fn a_server_that_serves_nobody_is_overloaded() {
        let mut overload = Overload::new(Some(LIMIT));
        let begin = Instant::now();
        assert!(!overload.is_too_much(Priority::Normal, MS * 21, begin));
        assert!(overload.is_too_much(Priority::Normal, MS * 121, begin + MS * 100));
    }

    #[test]
    fn without_a_target_nobody_is_refused() {
        let mut overload = Overload::new(None);
        let begin = Instant::now();
        for at in 0..1_000 {
            overload.served(Priority::Normal, MS * 500, begin + MS * at);
            assert!(!overload.is_too_much(Priority::Normal, MS * 500, begin + MS * at));
        }
    }
}
