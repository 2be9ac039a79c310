//! Running a transaction again that was rolled back because of others.

use crate::{error::PoolError, session::is_stale};
use forebay_scope::Scope;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;

/// How often [`Pool::retry_transaction`](crate::Pool::retry_transaction) runs a transaction, and how long it waits
/// between two attempts. Never past the deadline of the current scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retries {
    /// Most attempts, the first one included; 0 counts as 1. Default: 5.
    pub attempts_max: u32,
    /// Longest pause before the second attempt; it doubles with each further one. The pause itself is anything from
    /// nothing to that, at random, so that transactions which met do not meet again. Default: 5 ms.
    #[serde(with = "humantime_serde")]
    pub pause: Duration,
    /// No pause is longer. Default: 250 ms.
    #[serde(with = "humantime_serde")]
    pub pause_max: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts_max: 5, pause: Duration::from_millis(5), pause_max: Duration::from_millis(250) }
    }
}

/// Why a transaction was rolled back that may well succeed when it is run again from its beginning.
///
/// Source: PostgreSQL documentation, 13.5 "Serialization Failure Handling": these two codes, and of other errors none
/// for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collision {
    /// 40001; on a standby also what stood in the way of replay.
    Serialization,
    /// 40P01.
    Deadlock,
    /// A statement that was prepared has another result since, and one failed on it.
    Schema,
}

impl Collision {
    pub(super) fn of(error: &PoolError) -> Option<Self> {
        match error {
            PoolError::Statement { source, .. } | PoolError::RetryTransaction { source, .. } => {
                Self::of_source(source)
            }
            PoolError::Row { source, .. } => Self::of(source),
            _ => None,
        }
    }

    fn of_source(error: &tokio_postgres::Error) -> Option<Self> {
        match error.code() {
            Some(&SqlState::T_R_SERIALIZATION_FAILURE) => Some(Self::Serialization),
            Some(&SqlState::T_R_DEADLOCK_DETECTED) => Some(Self::Deadlock),
            _ => is_stale(error).then_some(Self::Schema),
        }
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub(crate) struct Attempts {
    retries: Retries,
    made: u32,
}

impl Attempts {
    pub(crate) const fn new(retries: Retries) -> Self {
        Self { retries, made: 0 }
    }

    /// How long to wait before the next attempt, after one more was made; `None` when there is none.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        self.made = self.made.saturating_add(1);
        if self.made >= self.retries.attempts_max {
            return None;
        }
        let pause = self.longest().mul_f64(rand::random_range(0.0..1.0));
        let deadline = Scope::with_current(Scope::deadline).flatten();
        // What would begin at the deadline has no time left.
        deadline.is_none_or(|deadline| Instant::now() + pause < deadline).then_some(pause)
    }

    fn longest(&self) -> Duration {
        let doubled =
            1_u32.checked_shl(self.made - 1).and_then(|times| self.retries.pause.checked_mul(times));
        doubled.unwrap_or(Duration::MAX).min(self.retries.pause_max)
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempts, Retries};
    use forebay_scope::Scope;
    use std::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    fn longest(retries: Retries) -> Vec<Duration> {
        let mut attempts = Attempts::new(retries);
        std::iter::from_fn(|| attempts.next().map(|pause| (pause, attempts.longest())))
            .map(|(pause, longest)| {
                assert!(pause <= longest, "{pause:?} {longest:?}");
                longest
            })
            .collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_attempts_end() {
        let retries = Retries { attempts_max: 6, pause: 5 * MS, pause_max: 30 * MS };
        assert_eq!(longest(retries), [5 * MS, 10 * MS, 20 * MS, 30 * MS, 30 * MS]);
        assert_eq!(longest(Retries { attempts_max: 0, ..retries }), [Duration::ZERO; 0]);
        assert_eq!(longest(Retries { attempts_max: 100, ..retries }).len(), 99);
    }

    #[tokio::test(start_paused = true)]
    async fn none_begins_after_the_deadline() {
        let scope = Scope::with_deadline(tokio::time::Instant::now());
        let next = scope.run(async { Attempts::new(Retries::default()).next() }).await;
        assert_eq!(next, None);
    }
}
