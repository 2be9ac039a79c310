//! What is wrong in a plan.

mod causes;
mod circumstances;
mod engine;
mod evidence;
mod kind;
mod scene;
mod suspicion;
mod weight;
mod wording;

pub use circumstances::{Call, Circumstances, ResultColumn, TableStatistics};
pub use engine::{findings, findings_with};
pub use evidence::{Evidence, Unit};
pub use kind::Kind;
pub use weight::{Confidence, Saving, Severity};

pub(crate) use scene::Scene;
pub(crate) use suspicion::Suspicion;
pub(crate) use wording::{count, milliseconds, percent, size_kb};

use serde::Serialize;

/// Something wrong in a plan, with the numbers that show it.
///
/// One cause is one finding: what follows from it elsewhere in the plan stands in [`explains`](Self::explains). The names of the fields
/// are those of its JSON and stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How much of the whole it is worth.
    pub severity: Severity,
    /// The node it begins at, by its place in [`Plan::nodes`](crate::Plan::nodes); the root (0) for what concerns the statement as a whole.
    pub node: usize,
    /// The numbers it rests on.
    pub evidence: Vec<Evidence>,
    /// What can be expected of mending it; never more than what is at stake. None where it cannot be told from the plan.
    pub saving: Option<Saving>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is wrong, in a sentence. Names of tables and columns may stand in it, values of the statement do not.
    pub what: String,
    /// What to do about it.
    pub advice: String,
    /// What else of the plan follows from it, and is therefore no finding of its own.
    pub explains: Vec<Effect>,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Effect {
    /// What it would be by itself.
    pub kind: Kind,
    /// Where.
    pub node: usize,
}
