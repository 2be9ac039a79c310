//! What happened, counted: as metrics, and as data of the status.

mod cancels;
mod closed;
mod connects;
mod meters;
mod reads;
mod retries;
mod tally;
mod waits;

pub(crate) use cancels::Cancels;
pub use cancels::CancelsStatus;
pub use closed::ClosedStatus;
pub(crate) use closed::Gone;
pub use connects::ConnectsStatus;
pub(crate) use meters::{Chores, LaneMeters, ServerMeters, elections};
pub use meters::{RefusedStatus, SessionCounts};
pub(crate) use reads::Counts;
pub use reads::{FallbacksStatus, HealedStatus, PositionsStatus, ReadsStatus};
pub use retries::RetriesStatus;
pub(crate) use tally::Tally;
pub use waits::WaitsStatus;
