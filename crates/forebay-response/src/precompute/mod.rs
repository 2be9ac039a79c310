//! Responses that are ready before anybody asks for them.

mod builder;
mod handle;
mod run;

pub use builder::{Precompute, PrecomputeError};
pub use handle::Precomputed;
