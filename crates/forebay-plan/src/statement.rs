//! What is said of a statement as a whole.

use crate::json::{Object, Value};

/// What compiling expressions to machine code took.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Jit {
    /// Functions compiled.
    pub functions: u64,
    /// Milliseconds altogether; none without `ANALYZE`.
    pub total_ms: Option<f64>,
}

impl Jit {
    pub(crate) fn of(fields: &Object) -> Self {
        let timing = fields.get("Timing").and_then(Value::object);
        Self {
            functions: fields.count("Functions").unwrap_or(0),
            total_ms: timing.and_then(|timing| timing.number("Total")),
        }
    }
}

/// What a trigger took.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Trigger<'a> {
    /// Its name; none where only the constraint is told.
    pub name: Option<&'a str>,
    /// The constraint it enforces.
    pub constraint: Option<&'a str>,
    /// The table it stands on, where that is told.
    pub relation: Option<&'a str>,
    /// Milliseconds altogether; none with `TIMING OFF`.
    pub total_ms: Option<f64>,
    /// How often it ran.
    pub calls: u64,
}

impl<'a> Trigger<'a> {
    pub(crate) fn of(fields: &'a Object) -> Self {
        Self {
            name: fields.text("Trigger Name"),
            constraint: fields.text("Constraint Name"),
            relation: fields.text("Relation"),
            total_ms: fields.number("Time"),
            calls: fields.count("Calls").unwrap_or(0),
        }
    }
}
