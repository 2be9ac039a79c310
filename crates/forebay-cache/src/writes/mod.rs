//! Entries on their way to the remote tiers: a bounded queue, batches, another try for what failed, an end for what keeps
//! failing, and a drain at shutdown.

mod config;
mod flush;
mod metrics;
mod queue;
mod write;
mod written;

pub use config::WritesConfig;
pub(crate) use flush::Writes;
pub(crate) use metrics::METRICS;
pub(crate) use write::{Envelope, Write};
pub use written::Written;
