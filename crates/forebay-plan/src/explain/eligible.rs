//! About which statements the planner may be asked at all.

use crate::observe::Sample;
use forebay_sql::{Class, Reason};
use serde::Serialize;
use std::fmt;
use tokio_postgres::types::{Kind, Type};

/// Why the planner was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Skipped {
    /// The text is several statements, or none.
    NotOne,
    /// It calls, or may call, what is not proven to only read: an unknown or volatile function, a sequence.
    Unproven,
    /// A parameter's type runs code of its own when a value is bound: a domain or a composite type.
    Type,
    /// It was to be run, and it does more than read.
    Writes,
}

impl Skipped {
    /// Every reason.
    pub(super) const ALL: [Self; 4] = [Self::NotOne, Self::Unproven, Self::Type, Self::Writes];

    /// The word for it in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOne => "not_one",
            Self::Unproven => "unproven",
            Self::Type => "type",
            Self::Writes => "writes",
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOne => "the text is not one statement",
            Self::Unproven => "it may call what does more than read",
            Self::Type => "binding its values may run code",
            Self::Writes => "it does more than read",
        })
    }
}

/// Where a question may be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A standby plans it as well.
    Anywhere,
    /// It changes or locks rows; a standby refuses the lock its planning takes.
    Primary,
}

/// Whether the planner may be asked about a call that is of `class`.
///
/// Planning runs no volatile function, but immutable and stable ones with constant arguments (PostgreSQL, `clauses.c`:
/// `evaluate_function`, `estimate_expression_value`). So nothing is asked about that calls what is not known; what is wrongly declared
/// is stopped by the read-only transaction around the question.
pub(super) fn may_be_planned(sample: &Sample, class: &Class) -> Result<Place, Skipped> {
    if forebay_sql::statements(&sample.sql).count() != 1 {
        return Err(Skipped::NotOne);
    }
    // Beyond the bound, what is left out of the reasons is not known.
    let all_known = class.reasons().len() < Class::REASONS_MAX;
    if !all_known || !class.reasons().iter().all(plans_as_it_is) {
        return Err(Skipped::Unproven);
    }
    if !sample.values.iter().all(|value| is_plain(value.ty())) {
        return Err(Skipped::Type);
    }
    Ok(if class.is_read() { Place::Anywhere } else { Place::Primary })
}

/// Whether a call may be run once more.
pub(super) fn may_be_run(sample: &Sample, class: &Class) -> Result<Place, Skipped> {
    let place = may_be_planned(sample, class)?;
    if class.is_read() { Ok(place) } else { Err(Skipped::Writes) }
}

/// Reasons why a statement is no read that are no danger while it is only planned.
fn plans_as_it_is(reason: &Reason) -> bool {
    match reason {
        Reason::Writes { verb, .. } => matches!(*verb, "INSERT" | "UPDATE" | "DELETE" | "MERGE"),
        Reason::LocksRows { .. } => true,
        _ => false,
    }
}

/// Whether binding a value of this type runs nothing of the database's own.
fn is_plain(ty: &Type) -> bool {
    match ty.kind() {
        Kind::Simple | Kind::Enum(_) => true,
        Kind::Array(of) | Kind::Range(of) | Kind::Multirange(of) => is_plain(of),
        _ => false,
    }
}
