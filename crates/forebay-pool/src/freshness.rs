//! How fresh a read must be.

use forebay_scope::Position;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How fresh a read must be, on top of what the current scope requires. Default: as the pool's `lag_max` says.
///
/// ```
/// # use forebay_pool::Freshness;
/// use std::time::Duration;
///
/// // A report: any replica will do, however far behind.
/// let report = Freshness::any();
/// // A balance: a replica that is less than 100 ms behind, else the primary.
/// let balance = Freshness::within(Duration::from_millis(100));
/// # let _ = (report, balance);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    pub(crate) lag_max: Option<Duration>,
    pub(crate) after: Option<Position>,
}

impl Freshness {
    /// However far behind. Only replicas that follow the primary's log count: one that was left behind by a failover has
    /// another history.
    #[must_use]
    pub const fn any() -> Self {
        Self::within(Duration::MAX)
    }

    /// At most this far behind the primary, in place of the pool's `lag_max`. Lag is known up to the pool's
    /// `probe_interval`; zero means a replica that had everything when it was last looked at.
    #[must_use]
    pub const fn within(lag_max: Duration) -> Self {
        Self { lag_max: Some(lag_max), after: None }
    }

    /// At or after `position`.
    #[must_use]
    pub const fn after(position: Position) -> Self {
        Self { lag_max: None, after: Some(position) }
    }

    /// Both: not further behind, and at or after `position`.
    #[must_use]
    pub const fn and_after(self, position: Position) -> Self {
        Self { after: Some(position), ..self }
    }
}

/// What becomes of a read when there are replicas and none is fresh enough, or none can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithoutReplica {
    /// It goes to the primary, to the sessions that are there for reads: `primary_read_sessions_max` bounds what an outage
    /// of the replicas may cost the primary, and sessions that write are not touched.
    #[default]
    Primary,
    /// It is refused with [`PoolError::NoReplica`](crate::PoolError::NoReplica): the primary is for writes alone.
    Refuse,
}
