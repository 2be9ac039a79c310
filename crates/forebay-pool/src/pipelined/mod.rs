//! Short reads of many callers over a few shared sessions, one behind the other without waiting in between.
//!
//! | part | what it is |
//! |---|---|
//! | [`Pipelined`] | the caller's handle: decides per statement, and goes over to a guard when the lane is not for it |
//! | `Shared` | the shared sessions of one server: which one is next, opened when first asked for |
//! | `Track` | one of them: what was sent on it, in the order of the wire |
//! | `Carrier` | the task that takes the answers in, so that no caller who looks away stops the others |
//! | `Slow` | what takes too long for sharing, learned |

mod carrier;
mod counts;
mod encoded;
mod handle;
mod read;
mod settings;
mod shared;
mod slow;
mod track;

pub(crate) use carrier::carry;
pub(crate) use counts::PipelinedCounts;
pub use counts::PipelinedStatus;
pub(crate) use encoded::Encoded;
pub use handle::Pipelined;
pub(crate) use settings::Settings;
pub(crate) use shared::Shared;
pub(crate) use slow::{Pace, Slow};
pub(crate) use track::Track;
