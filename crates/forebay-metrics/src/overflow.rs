//! What a recorder does with series beyond its bound.

use crate::Metric;
use metrics::Key;

pub(crate) const REFUSED: Metric = Metric::counter(
    "forebay_metrics_series_refused_total",
    &[],
    "Registrations that went to the overflow series because the recorder held as many series as it may",
);

/// What this crate measures about itself.
pub const METRICS: &[Metric] = &[REFUSED];

/// The series that takes whatever exceeds the bound, one per kind.
pub(crate) const OVERFLOW: Key = Key::from_static_name("forebay_metrics_overflow");
