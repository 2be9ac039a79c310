//! What came of a piece of advice.

use serde::Serialize;

/// What came of a piece of advice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// That of the advice.
    pub id: String,
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The index, by the name it has; until it is made, the one that was proposed.
    pub index: String,
    /// When it was advised first, in milliseconds since 1970.
    pub first_advised_ms: u64,
    /// Whether it is there.
    pub state: State,
    /// Its size, as predicted.
    pub bytes_predicted: u64,
    /// Its size.
    pub bytes: Option<u64>,
    /// Predicted ÷ measured.
    pub bytes_ratio: Option<f64>,
    /// How often it was scanned since the server's counters began, on the replicas too where they were asked.
    pub scans: Option<u64>,
    /// Scans of the table since the index was there for the first time, or, at the first look at it, since it was advised.
    pub table_scans: Option<u64>,
    /// What became of the statements that were to gain.
    pub statements: Vec<Measured>,
    /// Predictions that did not come true, in sentences with numbers.
    pub wrong: Vec<String>,
    /// Why it should perhaps go again, in a sentence with numbers.
    pub unused: Option<String>,
    /// The statement that takes an unused index away.
    pub drop: Option<String>,
}

/// Whether an index that was advised is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// It was not made yet, or the table is gone.
    NotMade,
    /// It is there.
    Made,
    /// Its build failed: it is there and never used.
    Invalid,
    /// It was there, and was taken away.
    Gone,
}

/// A statement, before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measured {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The statement without its values.
    pub statement: String,
    /// What a call cost when the index was advised, in the planner's units.
    pub cost_before: f64,
    /// What it was to cost.
    pub cost_predicted: f64,
    /// What it costs; none where the statement is not in this workload.
    pub cost_now: Option<f64>,
    /// The predicted gain in cost ÷ the measured one; none where there is no gain, where the cost is not known, and as long as another index
    /// that was advised for the statement is not there.
    pub gain_ratio: Option<f64>,
    /// What the server counted before the advice.
    pub before: Option<PerCall>,
    /// What it counted since the index was there.
    pub after: Option<PerCall>,
    /// Whether some of the calls after may have been before the index was made: at the first look at it.
    pub is_mixed: bool,
}

/// What calls took on average.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PerCall {
    /// How many there were.
    pub calls: u64,
    /// Milliseconds of one.
    pub mean_ms: f64,
    /// Blocks one touched, cached or not.
    pub blocks: f64,
}
