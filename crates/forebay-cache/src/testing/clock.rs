use crate::{Clock, clock::nanos};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Time that stands still until a test moves it. Copies share it.
///
/// It decides how old the entries of a cache are, and needs neither a runtime nor paused tokio time. Deadlines of calls and
/// the lease on a silent backplane follow tokio's clock, which has a pause of its own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
/// use forebay_cache::{Cache, testing::TestClock};
/// use std::time::Duration;
///
/// let clock = TestClock::new();
/// let users: Cache<u64, String> =
///     Cache::builder("users").clock(clock.clock()).ttl(Duration::from_secs(30)).build()?;
/// users.insert(&7, "Ada".to_owned()).await;
///
/// clock.advance(Duration::from_secs(29));
/// assert!(users.peek(&7).is_some());
/// clock.advance(Duration::from_secs(1));
/// assert!(users.peek(&7).is_none());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TestClock {
    /// Never freed, so that a [`Clock`] stays as small and as cheap to copy as it is: eight bytes for each test clock.
    now: &'static AtomicU64,
}

impl TestClock {
    /// A clock of its own.
    #[must_use]
    pub fn new() -> Self {
        Self { now: Box::leak(Box::default()) }
    }

    /// What [`CacheBuilder::clock`](crate::CacheBuilder::clock) takes.
    #[must_use]
    pub const fn clock(self) -> Clock {
        Clock::moved_by_hand(self.now)
    }

    /// Moves the time forward.
    pub fn advance(self, by: Duration) {
        self.now.fetch_add(nanos(by), Ordering::Relaxed);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}
