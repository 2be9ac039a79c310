//! The harness behind `cargo xtask bench AREA`: ours and a peer on the same work, interleaved in one run.
//!
//! A ratio is the median over pairs, each pair measured back to back in alternating order, so that a slow
//! second of the machine hits both sides. Before its ratios a bench times a subject against itself: the
//! spread of that A/A line is what this machine can resolve today.

mod aim;
mod groups;
mod report;
mod summary;
mod versions;

#[cfg(doctest)]
#[doc = include_str!("../../docs/src/sqlx.md")]
mod sqlx_page {}

pub use aim::Aim;
pub use groups::{Group, chosen};
pub use report::{PAIRS, Report};
pub use summary::Summary;
pub use versions::version_of;
