use std::{fmt, time::Duration};

/// Where a cache reads the time from, to tell fresh from stale. Validity after an invalidation takes no clock.
///
/// Default: [`Clock::system`].
#[derive(Clone, Copy)]
pub struct Clock(Source);

#[derive(Clone, Copy)]
enum Source {
    System,
    Tokio(tokio::time::Instant),
    /// A test's: see `testing::TestClock`.
    #[cfg(feature = "test-util")]
    ByHand(&'static std::sync::atomic::AtomicU64),
}

/// A moment of a cache's clock, in nanoseconds since some start. [`NEVER`] is later than any.
pub(crate) type Moment = u64;

/// Later than every moment.
pub(crate) const NEVER: Moment = u64::MAX;

impl Clock {
    /// The machine's monotonic clock, as cheap as it comes: on Linux the coarse one, a few milliseconds exact.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// tokio's clock, which a test can pause and advance; exact, and dearer to read.
    #[must_use]
    pub fn tokio() -> Self {
        Self(Source::Tokio(tokio::time::Instant::now()))
    }

    /// Time that a test moves.
    #[cfg(feature = "test-util")]
    pub(crate) const fn moved_by_hand(now: &'static std::sync::atomic::AtomicU64) -> Self {
        Self(Source::ByHand(now))
    }

    #[inline]
    pub(crate) fn now(&self) -> Moment {
        match self.0 {
            Source::System => system(),
            Source::Tokio(start) => nanos(start.elapsed()),
            #[cfg(feature = "test-util")]
            Source::ByHand(now) => now.load(std::sync::atomic::Ordering::Relaxed),
        }
    }
}

/// A duration as nanoseconds of the clock; 500 years and more are for ever.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(target_os = "linux")]
#[inline]
fn system() -> Moment {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    // The monotonic clock starts at boot and is never negative.
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

#[cfg(not(target_os = "linux"))]
fn system() -> Moment {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    nanos(START.elapsed())
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock(system)",
            Source::Tokio(_) => "Clock(tokio)",
            #[cfg(feature = "test-util")]
            Source::ByHand(_) => "Clock(test)",
        })
    }
}
