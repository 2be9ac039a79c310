use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How nodes agree on one load of a key: the one that holds its lease loads, the others wait for what it stores in the remote
/// tier.
///
/// A lease saves work and decides nothing: without the tier, or when a holder dies, nodes load for themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoadLease {
    /// How long a lease outlives a node that died with it. A running load renews it three times as often. Default: 3 s.
    #[serde(with = "humantime_serde")]
    pub hold: Duration,
    /// How long a load waits for another node's before it loads for itself; half of the cache's
    /// [`load_max`](crate::CacheBuilder::load_max) if that is less. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub wait_max: Duration,
    /// The first pause between two questions whether the other node is done; each is spread at random and twice as long as
    /// the one before. Default: 2 ms.
    #[serde(with = "humantime_serde")]
    pub poll_min: Duration,
    /// The longest pause. Default: 100 ms.
    #[serde(with = "humantime_serde")]
    pub poll_max: Duration,
}

impl Default for LoadLease {
    fn default() -> Self {
        Self {
            hold: Duration::from_secs(3),
            wait_max: Duration::from_secs(5),
            poll_min: Duration::from_millis(2),
            poll_max: Duration::from_millis(100),
        }
    }
}

impl LoadLease {
    /// For how long the reason of a failed load is kept: every node that waits asks again within it.
    pub(crate) fn failure_keep(&self) -> Duration {
        self.poll_max.saturating_mul(4).max(Duration::from_secs(1))
    }

    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.hold < Duration::from_millis(100) {
            return Err("must hold for 100 ms or longer, so that it can be renewed in time");
        }
        if self.poll_min.is_zero() || self.poll_max < self.poll_min {
            return Err("must poll after some time, and at the longest after no less than at first");
        }
        Ok(())
    }
}
