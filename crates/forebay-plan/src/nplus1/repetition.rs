use crate::Confidence;
use forebay_sql::Fingerprint;
use std::{fmt, time::Duration};

/// One statement that one line of the program asked for again and again within a request.
///
/// It has no values in it: statements are [normalized](forebay_sql::normalize).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repetition {
    /// What kind of repetition it is.
    pub pattern: Pattern,
    /// Names the statement.
    pub fingerprint: Fingerprint,
    /// The statement without its values.
    pub statement: String,
    /// `file:line:column` of who asked.
    pub place: String,
    /// How often it was asked in the request that asked most often.
    pub calls: usize,
    /// How many of them were under way at the same time: 1 is a loop that waits for each.
    pub at_once: usize,
    /// Where its values came from.
    pub source: Option<Source>,
    /// What to write instead.
    pub fix: Fix,
    /// The round trips that such a request would save, by the shortest that was measured in it: an estimate from below.
    pub saved: Duration,
    /// Requests it was found in.
    pub requests: u64,
    /// What these would have saved together.
    pub saved_in_all: Duration,
    /// How certain it is: `Medium` where the values fit, but are small numbers or short texts, which fit by chance as well.
    pub confidence: Confidence,
}

/// What kind of repetition it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Pattern {
    /// Its values are those of a column of an earlier result: one question for all of them does.
    NPlusOne,
    /// Each answer leads to the next question, as on the way up a tree.
    Chain,
    /// The same question, with the same answer.
    RepeatedQuery,
    /// Rows that are written one by one.
    WriteLoop,
}

impl Pattern {
    /// Its stable name.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NPlusOne => "n-plus-one",
            Self::Chain => "query-chain",
            Self::RepeatedQuery => "repeated-query",
            Self::WriteLoop => "write-loop",
        }
    }
}

/// Where the values of a statement came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The earlier statement.
    pub fingerprint: Fingerprint,
    /// The earlier statement without its values.
    pub statement: String,
    /// `file:line:column` of who asked for it.
    pub place: String,
    /// The columns of its result, one for each value of the later statement that changes.
    pub columns: Vec<String>,
}

/// What to write instead of a repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fix {
    /// The advice in a sentence.
    pub what: String,
    /// The statement that takes all values at once, as arrays in the place of the single ones; `None` where none can be written
    /// that surely means the same.
    pub statement: Option<String>,
    /// What has to be minded when it is put in.
    pub caveats: Vec<String>,
}

impl Repetition {
    /// Takes over what another request of the same finding showed.
    pub(super) fn merge(&mut self, other: Self) {
        let (requests, saved) = (self.requests + other.requests, self.saved_in_all + other.saved_in_all);
        if other.calls > self.calls {
            *self = other;
        }
        (self.requests, self.saved_in_all) = (requests, saved);
    }

    /// Whether another is the same finding of another request.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.pattern, self.fingerprint, &self.place) == (other.pattern, other.fingerprint, &other.place)
    }
}

impl fmt::Display for Repetition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern, statement, place, calls, at_once, .. } = self;
        writeln!(f, "{}: {calls} times at {place}", pattern.id())?;
        writeln!(f, "  {statement}")?;
        if let Some(source) = &self.source {
            let columns = source.columns.join(", ");
            writeln!(f, "  with the values of {columns} from {}", source.place)?;
            writeln!(f, "  {}", source.statement)?;
        }
        if *at_once > 1 {
            writeln!(f, "  {at_once} at the same time, each with a session of its own or behind others")?;
        }
        writeln!(f, "  {}", self.fix.what)?;
        if let Some(statement) = &self.fix.statement {
            writeln!(f, "    {statement}")?;
        }
        for caveat in &self.fix.caveats {
            writeln!(f, "  - {caveat}")?;
        }
        let likely = if self.confidence != Confidence::High { ", likely" } else { "" };
        write!(f, "  saves {:.1} ms a request{likely}", self.saved.as_secs_f64() * 1000.0)
    }
}
