//! Advice as JSON.

use forebay_plan::advise::{Advice, Confidence, Gain, IndexAdvice, Outcome, Problem, Trouble};
use serde::Serialize;

/// The names of the fields are those of `--json` and stay as they are.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    indexes: Vec<IndexAnswer<'a>>,
    unverified: Vec<IndexAnswer<'a>>,
    troubles: Vec<TroubleAnswer<'a>>,
    problems: Vec<ProblemAnswer<'a>>,
    unseen: &'a [String],
    cost_before: f64,
    cost_after: f64,
    probes: usize,
    candidates: usize,
    questions: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<&'a [Outcome]>,
}

#[derive(Debug, Serialize)]
struct IndexAnswer<'a> {
    id: &'a str,
    schema: &'a str,
    table: &'a str,
    name: &'a str,
    definition: String,
    ddl: &'a [String],
    clean_up: &'a str,
    bytes: u64,
    benefit: f64,
    write_cost: f64,
    hot_updates_lost: f64,
    gains: &'a [Gain],
    replaces: &'a [String],
    confidence: Confidence,
    evidence: &'a [String],
}

#[derive(Debug, Serialize)]
struct TroubleAnswer<'a> {
    kind: &'a str,
    table: &'a str,
    name: &'a str,
    what: &'a str,
    ddl: &'a [String],
}

#[derive(Debug, Serialize)]
struct ProblemAnswer<'a> {
    line: Option<usize>,
    statement: &'a str,
    what: &'a str,
}

impl<'a> Answer<'a> {
    pub(super) fn of(advice: &'a Advice, ledger: Option<&'a [Outcome]>) -> Self {
        Self {
            indexes: advice.indexes.iter().map(IndexAnswer::of).collect(),
            unverified: advice.unverified.iter().map(IndexAnswer::of).collect(),
            troubles: advice.troubles.iter().map(TroubleAnswer::of).collect(),
            problems: advice.problems.iter().map(ProblemAnswer::of).collect(),
            unseen: &advice.unseen,
            cost_before: advice.cost_before,
            cost_after: advice.cost_after,
            probes: advice.probes,
            candidates: advice.candidates,
            questions: advice.questions,
            ledger,
        }
    }

    /// One JSON object.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

impl<'a> IndexAnswer<'a> {
    fn of(index: &'a IndexAdvice) -> Self {
        Self {
            id: &index.id,
            schema: &index.schema,
            table: &index.table,
            name: &index.name,
            definition: index.definition.sql(),
            ddl: &index.ddl,
            clean_up: &index.clean_up,
            bytes: index.bytes,
            benefit: index.benefit,
            write_cost: index.write_cost,
            hot_updates_lost: index.hot_updates_lost,
            gains: &index.gains,
            replaces: &index.replaces,
            confidence: index.confidence,
            evidence: &index.evidence,
        }
    }
}

impl<'a> TroubleAnswer<'a> {
    fn of(trouble: &'a Trouble) -> Self {
        Self {
            kind: trouble.kind,
            table: &trouble.table,
            name: &trouble.name,
            what: &trouble.what,
            ddl: &trouble.ddl,
        }
    }
}

impl<'a> ProblemAnswer<'a> {
    fn of(problem: &'a Problem) -> Self {
        Self { line: problem.line, statement: &problem.statement, what: &problem.what }
    }
}
