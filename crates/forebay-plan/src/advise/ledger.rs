//! What was advised, and what came of it.

mod keep;
mod measure;
mod outcome;
mod record;

pub(crate) use measure::Facts;
pub use outcome::{Measured, Outcome, PerCall, State};
pub use record::{Counted, Promise, Record, Seen};

/// What was advised over time. Each look compares what was predicted with what is: see [`look`](Self::look).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    /// One for each piece of advice, the oldest first.
    pub records: Vec<Record>,
}
