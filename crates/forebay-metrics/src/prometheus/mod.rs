//! Prometheus text, through the `metrics-exporter-prometheus` crate without its listener and its upkeep thread.

mod config;
mod recorder;

pub use config::PrometheusConfig;
pub use recorder::Prometheus;
