//! Metrics for forebay: the description of a metric, and the [`Meter`] through which every crate registers
//! its handles with whatever [`metrics::Recorder`] the host chose.
//!
//! Each crate owns its descriptions (`pub const METRICS: &[Metric]`), registers its handles once, and from
//! then on pays one pointer call per event.

mod meter;
mod metric;

pub use meter::Meter;
pub use metric::{Kind, Metric};
