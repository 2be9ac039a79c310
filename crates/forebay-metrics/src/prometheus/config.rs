use crate::Error;
use serde::{Deserialize, Serialize};

/// How values become Prometheus text.
///
/// Every distribution is rendered as a Prometheus histogram with fixed buckets, not as a summary: buckets of
/// several instances can be added up and percentiles asked of the sum, which quantiles of summaries cannot.
/// (Percentiles of one instance are the job of `WindowRecorder`.)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrometheusConfig {
    /// Upper edges for metrics whose name ends in `_seconds`. Default: 17 from 100 µs to 30 s.
    pub seconds_buckets: Vec<f64>,
    /// Upper edges for metrics whose name ends in `_bytes`. Default: 256 B to 64 MiB, each four times the one
    /// before.
    pub bytes_buckets: Vec<f64>,
    /// Upper edges for all other distributions. Default: 13 from 1 to a million.
    pub other_buckets: Vec<f64>,
    /// How many series (a metric with one set of label values) are kept apart, at least 1. Whatever is
    /// registered beyond goes to one series per kind named `forebay_metrics_overflow`, and
    /// `forebay_metrics_series_refused_total` counts it. Default: 4,096.
    pub series_max: usize,
    /// How many values may wait to be put into their buckets, at least 1; 8 bytes each. They are put there when
    /// the text is rendered, and by whoever records the value that reaches this bound. Default: 16,384.
    pub pending_max: usize,
}

impl Default for PrometheusConfig {
    fn default() -> Self {
        Self {
            seconds_buckets: vec![
                0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
                5.0, 10.0, 30.0,
            ],
            bytes_buckets: (4..=13).map(|power| 4_f64.powi(power)).collect(),
            other_buckets: vec![1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 1e4, 1e5, 1e6],
            series_max: 4096,
            pending_max: 16_384,
        }
    }
}

impl PrometheusConfig {
    /// The first setting that cannot work, if any.
    ///
    /// # Errors
    /// [`Error::Setting`] names the field.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |setting, reason| Err(Error::Setting { setting, reason });
        let scales = [
            ("seconds_buckets", &self.seconds_buckets),
            ("bytes_buckets", &self.bytes_buckets),
            ("other_buckets", &self.other_buckets),
        ];
        for (setting, edges) in scales {
            let rising = edges.is_sorted_by(|a, b| a < b) && edges.iter().all(|edge| edge.is_finite());
            if edges.is_empty() || !rising {
                return wrong(setting, "must be at least one finite number, each larger than the one before");
            }
        }
        match (self.series_max, self.pending_max) {
            (0, _) => wrong("series_max", "must be at least 1"),
            (_, 0) => wrong("pending_max", "must be at least 1"),
            _ => Ok(()),
        }
    }
}
