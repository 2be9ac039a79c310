use std::time::Duration;
use tokio::time::Instant;

/// Nanoseconds since it was made, by tokio's clock, so that tests can pause it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(&self) -> u64 {
        nanos(Instant::now().saturating_duration_since(self.0))
    }
}

/// A duration as whole nanoseconds; more than 584 years count as that much.
pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
