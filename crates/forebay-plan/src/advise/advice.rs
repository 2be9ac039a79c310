//! What was found.

use serde::Serialize;

use super::definition::Definition;
use super::health::Trouble;
use super::workload::Problem;

/// What was found out about the indexes of a workload's tables.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Advice {
    /// Indexes to make, the one that brings most first.
    pub indexes: Vec<IndexAdvice>,
    /// Indexes that may help and that no planner can be asked about, so that they are apart from the others: to be built on a copy.
    pub unverified: Vec<IndexAdvice>,
    /// What is wrong with the indexes that are there.
    pub troubles: Vec<Trouble>,
    /// Statements that could not be used, and why.
    pub problems: Vec<Problem>,
    /// What could not be seen or asked, and what that means for the rest.
    pub unseen: Vec<String>,
    /// What the workload costs now, and would with every proposed index, in the planner's units.
    pub cost_before: f64,
    /// See [`cost_before`](Self::cost_before).
    pub cost_after: f64,
    /// What the statements that were planned cost now.
    pub statements: Vec<StatementCost>,
    /// Statements and lists of values that were planned.
    pub probes: usize,
    /// Indexes that were thought of.
    pub candidates: usize,
    /// How often the planner was asked.
    pub questions: u64,
}

/// How far an index was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Confidence {
    /// The planner was asked with the index, for the statements' own values.
    Verified,
    /// The planner was asked with the index, for statements whose values are not known.
    VerifiedForAnyValue,
    /// The planner was not asked: the costs are this crate's own.
    Estimated,
    /// Nothing short of building the index can tell.
    Unverified,
}

impl Confidence {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Verified => "verified: the planner was asked with the statements' values",
            Self::VerifiedForAnyValue => {
                "verified without values: the planner was asked, but not for real values"
            }
            Self::Estimated => "unverified: estimated without the planner (no HypoPG)",
            Self::Unverified => "unverified: such an index cannot be tried without building it",
        }
    }
}

/// An index to make.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IndexAdvice {
    /// The same from run to run for the same index.
    pub id: String,
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The index's name.
    pub name: String,
    /// What it indexes.
    pub definition: Definition,
    /// The statements that make it, each to be run by itself.
    pub ddl: Vec<String>,
    /// What to run if one of them fails, before trying again.
    pub clean_up: String,
    /// Its size right after it was built, as predicted.
    pub bytes: u64,
    /// What the workload costs less with it, beside the other indexes that are proposed; in the planner's units, writes considered.
    pub benefit: f64,
    /// What writes cost more, in the same units.
    pub write_cost: f64,
    /// Updates within a block it would put an end to, in rows for each run of the workload.
    pub hot_updates_lost: f64,
    /// The statements that gain, the greatest gain first.
    pub gains: Vec<Gain>,
    /// Indexes that are there and not needed beside it.
    pub replaces: Vec<String>,
    /// How far it was tried.
    pub confidence: Confidence,
    /// Why, in sentences with numbers.
    pub evidence: Vec<String>,
}

/// What a statement gains.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Gain {
    /// The line of the workload's file it begins in.
    pub line: Option<usize>,
    /// The statement without its values.
    pub statement: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// How often it runs, in relation to the others.
    pub weight: f64,
    /// What a call costs without the index, in the planner's units.
    pub cost_before: f64,
    /// What it costs with it.
    pub cost_after: f64,
    /// Milliseconds of a call so far, where that was measured.
    pub mean_ms: Option<f64>,
}

/// What a statement costs now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatementCost {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The statement without its values.
    pub statement: String,
    /// How often it runs, in relation to the others.
    pub weight: f64,
    /// What a call costs on average, in the planner's units.
    pub cost: f64,
}

impl Advice {
    /// Whether there is nothing to do. What is unverified does not count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty() && self.troubles.is_empty()
    }
}
