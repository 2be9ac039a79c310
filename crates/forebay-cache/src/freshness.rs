use crate::{
    clock::{Moment, NEVER, nanos},
    memory::Times,
};
use std::time::Duration;

/// How long a cache's values may be used, and how.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Freshness {
    /// Served as they are; `None` until invalidated.
    pub(crate) ttl: Option<Duration>,
    /// After that: served while being refreshed.
    pub(crate) stale_while_revalidate: Duration,
    /// After the ttl: served when a reload fails.
    pub(crate) stale_if_error: Duration,
    /// The largest part of the ttl by which an entry's is shortened, 0 to 1.
    pub(crate) jitter: f64,
    /// How eagerly values are refreshed before their ttl ends; 0 for not at all.
    pub(crate) early_refresh: f64,
    /// For how long a value may go unread and be fresh.
    pub(crate) idle_max: Option<Duration>,
}

impl Freshness {
    /// How long after its load a value can be of any use; `None` for ever.
    pub(crate) fn kept_max(&self) -> Option<Duration> {
        Some(self.ttl?.saturating_add(self.stale_while_revalidate.max(self.stale_if_error)))
    }

    /// The times of a value that is `age` old `now`. `spread` is the key's own place between 0 and 1, so that entries
    /// loaded together do not expire together.
    pub(crate) fn times(&self, now: Moment, age: Duration, spread: f64) -> Times {
        let falls_back = !self.stale_if_error.is_zero();
        let Some(ttl) = self.ttl else {
            return Times {
                fresh_until: NEVER,
                refresh_until: NEVER,
                // Without a ttl it is stale only once softly invalidated, whenever that may be.
                fallback_until: if falls_back { NEVER } else { 0 },
            };
        };
        // Only ever shortened: the ttl is a promise.
        let shortened = Duration::try_from_secs_f64(ttl.as_secs_f64() * (1.0 - self.jitter * spread));
        // What does not fit is a rounding up of the longest.
        let shortened = shortened.unwrap_or(ttl).min(ttl);
        let until = |end: Duration| after(now, end.saturating_sub(age));
        Times {
            fresh_until: until(shortened),
            refresh_until: until(shortened.saturating_add(self.stale_while_revalidate)),
            fallback_until: if falls_back { until(shortened.saturating_add(self.stale_if_error)) } else { 0 },
        }
    }
}

/// A refresh this many times as early as the load takes (and `early_refresh` asks) is not worth drawing for: one look-up
/// in 160,000 would draw it.
const EARLY_DRAWS: f64 = 12.0;

impl Freshness {
    /// From when on a value that is fresh until then may be refreshed early, if its load took so long. [`NEVER`] for not
    /// at all.
    pub(crate) fn early_from(&self, fresh_until: Moment, load: Duration) -> Moment {
        let earliest = load.as_secs_f64() * self.early_refresh * EARLY_DRAWS;
        match Duration::try_from_secs_f64(earliest) {
            Ok(earliest) if !earliest.is_zero() && fresh_until != NEVER => {
                fresh_until.saturating_sub(nanos(earliest))
            }
            _ => NEVER,
        }
    }

    /// Draws whether a look-up that finds a value with `left` to live refreshes it: the more probable, the longer the
    /// load takes and the less is left (XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede
    /// Prevention", VLDB 2015).
    pub(crate) fn draws_early(&self, left: Duration, load: Duration) -> bool {
        // Not 0, whose logarithm is no number.
        let drawn: f64 = 1.0 - rand::random::<f64>();
        load.as_secs_f64() * self.early_refresh * -drawn.ln() >= left.as_secs_f64()
    }
}

/// Never is kept for "no end": a sum does not reach it.
fn after(start: Moment, duration: Duration) -> Moment {
    start.saturating_add(nanos(duration)).min(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn jitter_never_extends_the_ttl(ttl in 0u64..1 << 40, jitter in 0.0..=1.0, spread in 0.0..=1.0, now: u32) {
            let freshness = Freshness { ttl: Some(Duration::from_nanos(ttl)), jitter, ..Freshness::default() };
            let times = freshness.times(u64::from(now), Duration::ZERO, spread);
            prop_assert!(times.fresh_until <= u64::from(now) + ttl);
            prop_assert!(times.fresh_until >= u64::from(now));
        }
    }
}
