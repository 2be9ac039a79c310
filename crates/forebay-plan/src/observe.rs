//! What a pool's statements did, kept per fingerprint while they run.

mod capture;
mod config;
mod entry;
mod histogram;
mod literals;
mod meters;
mod places;
mod report;
mod reservoir;
mod sample;
mod slow;
mod table;
mod value;

pub use capture::Capture;
pub use config::{CaptureConfig, SlowLogConfig};
pub use report::{By, Dropped, PlaceReport, SampleReport, StatementReport};
pub use sample::Sample;
pub use value::BoundValue;
