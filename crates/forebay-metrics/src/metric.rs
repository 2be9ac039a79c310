use metrics::Unit;

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution of values.
    Histogram,
}

/// The description of one metric: everything a person needs to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The full name, `forebay_<crate>_<what>_<unit>`; counters end in `_total`.
    pub name: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// The unit of its values.
    pub unit: Unit,
    /// One sentence on what it means.
    pub help: &'static str,
    /// The names of the labels it carries.
    pub labels: &'static [&'static str],
}

impl Metric {
    /// A counter of events.
    #[must_use]
    pub const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, unit: Unit::Count, help, labels }
    }

    /// A gauge.
    #[must_use]
    pub const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, unit: Unit::Count, help, labels }
    }

    /// A distribution of durations in seconds.
    #[must_use]
    pub const fn seconds(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, unit: Unit::Seconds, help, labels }
    }

    /// A distribution of sizes in bytes.
    #[must_use]
    pub const fn bytes(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, unit: Unit::Bytes, help, labels }
    }

    /// The same metric in another unit.
    #[must_use]
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }
}
