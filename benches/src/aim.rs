use std::fmt;

/// What a figure should reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// At least this much: throughput, compression, sameness.
    AtLeast(f64),
    /// At most this much: time, bytes, allocations.
    AtMost(f64),
    /// Only for reading.
    None,
}

impl Aim {
    /// Whether `value` reaches the aim, give or take `noise` (the A/A spread, a share of the value).
    #[must_use]
    pub fn is_met(self, value: f64, noise: f64) -> Option<bool> {
        match self {
            Self::AtLeast(bar) => Some(value * (1.0 + noise) >= bar),
            Self::AtMost(bar) => Some(value * (1.0 - noise) <= bar),
            Self::None => None,
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bar) => write!(f, "aim ≥ {bar}"),
            Self::AtMost(bar) => write!(f, "aim ≤ {bar}"),
            Self::None => f.write_str("no aim"),
        }
    }
}
