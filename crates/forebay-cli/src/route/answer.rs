//! One line of output.

use forebay_sql::{Class, Reason, RelationName, fingerprint, relations};
use serde::Serialize;

use super::lines_before;
use crate::cli::one_line;

/// What is said about one statement. The names of the fields are those of `--json` and stay as they are.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    /// The line of the input the statement begins in, from 1.
    line: usize,
    route: &'static str,
    kind: &'static str,
    /// Sixteen hexadecimal digits, the same for all texts that differ in values only.
    fingerprint: String,
    reasons: Vec<Why>,
    relations: Touched,
    sql: &'a str,
}

/// What the statement reads and writes, by the names its text gives.
#[derive(Debug, Default, Serialize)]
struct Touched {
    reads: Vec<String>,
    writes: Vec<String>,
    /// Why that may not be all; absent when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<String>,
}

impl Touched {
    fn of(sql: &str) -> Self {
        let found = relations(sql);
        let seen = found.as_ref().unwrap_or_else(|not_known| not_known.seen());
        let names = |names: &[RelationName]| names.iter().map(ToString::to_string).collect();
        Self {
            reads: names(seen.reads()),
            writes: names(seen.writes()),
            hidden: found.as_ref().err().map(ToString::to_string),
        }
    }
}

#[derive(Debug, Serialize)]
struct Why {
    code: &'static str,
    text: String,
    /// The line of the input it stands in, from 1.
    line: usize,
    /// The byte of the statement it stands at, from 0.
    at: usize,
}

impl<'a> Answer<'a> {
    pub(super) fn of(line: usize, sql: &'a str, class: &Class) -> Self {
        let why = |reason: &Reason| Why {
            code: reason.code(),
            text: reason.to_string(),
            line: line + lines_before(sql, reason.at()),
            at: reason.at(),
        };
        Self {
            line,
            route: if class.is_read() { "replica" } else { "primary" },
            kind: class.kind().name(),
            fingerprint: fingerprint(sql).to_string(),
            reasons: class.reasons().iter().map(why).collect(),
            relations: Touched::of(sql),
            sql,
        }
    }

    /// The answer for bytes that are no text.
    pub(super) fn not_text(line: usize, text: &'a str) -> Self {
        let why = Why { code: "not_text", text: "not valid UTF-8".to_owned(), line, at: 0 };
        Self {
            line,
            route: "primary",
            kind: "unproven",
            fingerprint: fingerprint(text).to_string(),
            reasons: vec![why],
            relations: Touched { hidden: Some("not valid UTF-8".to_owned()), ..Touched::default() },
            sql: text,
        }
    }

    /// `primary` or `replica`, a tab, the reasons.
    pub(super) fn plain(&self) -> String {
        let reasons: Vec<_> = self.reasons.iter().map(|why| why.text.as_str()).collect();
        let reasons = if reasons.is_empty() { "only reads".to_owned() } else { reasons.join(", ") };
        format!("{}\t{}", self.route, one_line(&reasons))
    }

    /// One JSON object.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}
