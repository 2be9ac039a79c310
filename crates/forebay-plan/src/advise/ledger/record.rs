//! What is kept of a piece of advice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::advise::definition::Definition;

/// An index that was advised: what was predicted of it, and how things were before. Its serialised form is versioned, and stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Record {
    /// Of the form; [`Record::VERSION`].
    pub version: u32,
    /// That of [`IndexAdvice`](crate::advise::IndexAdvice).
    pub id: String,
    /// The database.
    pub database: String,
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The name that was proposed. The index is known by what it indexes, so that it may have another.
    pub name: String,
    /// What it indexes.
    pub definition: Definition,
    /// The statements that make it.
    pub ddl: Vec<String>,
    /// Its size, as predicted.
    pub bytes: u64,
    /// When it was advised first, in milliseconds since 1970.
    pub first_advised_ms: u64,
    /// When it was advised last, in milliseconds since 1970; the rest is of that time.
    pub advised_ms: u64,
    /// Scans of the table by then, since the server's counters began.
    pub table_scans: u64,
    /// What was predicted of the statements that were to gain.
    pub statements: Vec<Promise>,
    /// When it was there for the first time.
    pub seen: Option<Seen>,
}

/// What was predicted of a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Promise {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The statement without its values.
    pub statement: String,
    /// How often it runs, in relation to the others.
    pub weight: f64,
    /// What a call cost, in the planner's units.
    pub cost_before: f64,
    /// What it was to cost, with all that was advised at the same time.
    pub cost_after: f64,
    /// What the server had counted of it.
    pub counted: Option<Counted>,
}

/// What a server counted of a statement, since its counters began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Counted {
    /// Calls that ran to their end.
    pub calls: u64,
    /// Milliseconds of running them.
    pub total_ms: f64,
    /// Blocks of tables and indexes they touched, cached or not.
    pub blocks: u64,
    /// When all counters began, in microseconds since 1970.
    pub reset_us: i64,
}

/// The first look at an index that is there: what came before may have been without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Seen {
    /// In milliseconds since 1970.
    pub at_ms: u64,
    /// Scans of the table by then.
    pub table_scans: u64,
    /// What the server had counted by then, by fingerprint.
    pub counted: BTreeMap<String, Counted>,
}

impl Record {
    /// The version of the serialised form.
    pub const VERSION: u32 = 1;
}

impl Counted {
    /// What came since `earlier`; all of it, where the counters began anew in between.
    pub(super) fn since(&self, earlier: Option<&Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.reset_us == self.reset_us && earlier.calls <= self.calls => Self {
                calls: self.calls - earlier.calls,
                total_ms: (self.total_ms - earlier.total_ms).max(0.0),
                blocks: self.blocks.saturating_sub(earlier.blocks),
                reset_us: self.reset_us,
            },
            _ => *self,
        }
    }

    /// Adds what was counted of the same statement elsewhere: for another role.
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.total_ms += other.total_ms;
        self.blocks += other.blocks;
        self.reset_us = other.reset_us;
    }
}
