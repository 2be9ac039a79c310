use crate::Clock;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How long after a log line of one kind the next may follow. The counters tell how many there were.
const APART: Duration = Duration::from_secs(60);

/// When a log line of each of `N` kinds was written last, so that bytes somebody else damages do not fill the log.
#[derive(Debug)]
pub(super) struct Notices<const N: usize> {
    /// By the clock, plus one: 0 for never.
    last: [AtomicU64; N],
    clock: Clock,
}

impl<const N: usize> Notices<N> {
    pub(super) const fn new(clock: Clock) -> Self {
        Self { last: [const { AtomicU64::new(0) }; N], clock }
    }

    /// Whether a line of this kind may be written now; the caller who is told so writes it.
    pub(super) fn due(&self, kind: usize) -> bool {
        let now = self.clock.now().saturating_add(1);
        let last = self.last[kind].load(Ordering::Relaxed);
        let due = last == 0 || u128::from(now.saturating_sub(last)) >= APART.as_nanos();
        due && self.last[kind].compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_a_minute_and_kind() {
        let notices = Notices::<2>::new(Clock::tokio());
        assert!(notices.due(0));
        assert!(!notices.due(0));
        assert!(notices.due(1), "another kind");
        tokio::time::advance(APART).await;
        assert!(notices.due(0));
    }
}
