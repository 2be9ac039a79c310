//! Values on their way to the remote tiers and back: codec and envelope, with what went wrong counted and logged.

mod metrics;
mod notices;
mod wire;

pub(crate) use metrics::METRICS;
pub(crate) use wire::Wire;
