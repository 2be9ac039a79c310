//! A bound on the extra calls that hedges and retries may cause.

mod config;
#[cfg(test)]
mod interleavings;
mod measure;
mod tokens;

pub use config::BudgetConfig;
pub(crate) use measure::{REFUSED, SPENT};
pub use tokens::Budget;
