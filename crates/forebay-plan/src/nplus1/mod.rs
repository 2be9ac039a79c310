//! One statement asked for again and again within a request: what it is a loop over, and the one query to write instead.

mod batch;
mod detector;
mod draft;
mod judge;
mod meters;
mod names;
mod provenance;
mod repetition;
mod seen;
mod settings;
mod shape;
mod text;
mod told;

pub use detector::{NPlusOneDetector, NPlusOneStatus};
pub use repetition::{Fix, Pattern, Repetition, Source};
pub use settings::{NPlusOneConfig, Strict};
