//! Numbers that show something.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

/// A number out of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// What it counts or measures: `rows read`.
    pub name: &'static str,
    /// How much. Always finite.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
}

impl Evidence {
    /// A number with its name. What is not finite becomes 0.
    #[must_use]
    pub fn new(name: &'static str, value: f64, unit: Unit) -> Self {
        Self { name, value: if value.is_finite() { value } else { 0.0 }, unit }
    }
}

impl Display for Evidence {
    /// `rows read: 20,000`
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match self.unit {
            Unit::Share => f.write_str(&super::percent(self.value)),
            Unit::Ms => f.write_str(&super::milliseconds(self.value)),
            Unit::Factor => write!(f, "×{}", super::count(self.value)),
            Unit::Kilobytes => f.write_str(&super::size_kb(self.value)),
            Unit::Rows | Unit::Blocks | Unit::Count | Unit::Cost => f.write_str(&super::count(self.value)),
        }
    }
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unit {
    /// Rows, in all loops of all processes.
    Rows,
    /// Blocks, usually of 8 kB.
    Blocks,
    /// Milliseconds.
    Ms,
    /// Kilobytes of 1024 bytes.
    Kilobytes,
    /// A part of something, from 0 to 1.
    Share,
    /// How many times as much.
    Factor,
    /// Loops, batches, workers, calls.
    Count,
    /// The planner's cost.
    Cost,
}
