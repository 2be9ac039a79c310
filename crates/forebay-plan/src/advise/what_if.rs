//! The question what a statement would cost with indexes that are not there.

use std::future::Future;

use super::candidate::Candidate;
use super::error::AdviseError;

/// What a statement would cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Priced {
    /// In the planner's units, of one call.
    pub(crate) cost: f64,
    /// The candidates it would use.
    pub(crate) used: Vec<Use>,
}

/// How a candidate would be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Use {
    pub(crate) candidate: usize,
    /// The part of the table's rows that is read through it at a time; 0 where only the first are wanted.
    pub(crate) share: f64,
}

/// Whoever can tell what a statement would cost with indexes that are not there.
pub(crate) trait WhatIf: Send {
    /// The price of a probe with these of the candidates.
    ///
    /// # Errors
    /// When the connection is lost. A statement that can no longer be planned costs what it did.
    fn price(
        &mut self,
        probe: usize,
        with: &[usize],
        candidates: &[Candidate],
    ) -> impl Future<Output = Result<Priced, AdviseError>> + Send;
}
