//! Metrics for forebay and for the service around it.
//!
//! - [`Metric`] describes one metric; [`Meter`] registers handles for it with whatever [`metrics::Recorder`]
//!   the host chose. Each crate owns its descriptions (`pub const METRICS: &[Metric]`), registers its handles
//!   once, and from then on pays one pointer call per event.
//! - [`WindowRecorder`] (feature `recorder`) keeps counts, rates and percentiles over the last minute and the
//!   last hour inside the process, in bounded memory, and tells how [`Objective`]s are doing.
//! - [`Prometheus`] (feature `prometheus`) renders the text that Prometheus scrapes. A [`Fanout`] feeds both.
//!
//! # Measuring your own work
//! ```
//! use forebay_metrics::{Meter, Metric, WindowRecorder};
//!
//! const ORDERS: Metric = Metric::counter("shop_orders_total", &["country"], "Orders that were accepted");
//! const CHARGE: Metric = Metric::seconds("shop_charge_seconds", &["bank", "outcome"], "Calls to a bank");
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let recorder = WindowRecorder::default();
//! let meter = Meter::new(recorder.clone());
//! meter.describe(&[ORDERS, CHARGE]);
//!
//! // Once, when the service starts:
//! let orders = meter.counter(&ORDERS, &["fr"]);
//! let charge = meter.timer(&CHARGE, &["acme"]);
//!
//! // And then for every request:
//! orders.increment(1);
//! let answer: Result<u32, String> = charge.time_result(async { Ok(7) }).await;
//! assert_eq!(answer, Ok(7));
//!
//! let page = recorder.snapshot();
//! assert_eq!(page.counter("shop_orders_total", &[("country", "fr")]).map(|c| c.total), Some(1));
//! let calls = page.histogram("shop_charge_seconds", &[("bank", "acme"), ("outcome", "ok")]);
//! assert_eq!(calls.map(|c| c.minute.rate.count), Some(1));
//! # }
//! ```

#[cfg(any(feature = "recorder", feature = "prometheus"))]
mod error;
mod fanout;
mod meter;
mod metric;
#[cfg(any(feature = "recorder", feature = "prometheus"))]
mod overflow;
#[cfg(feature = "prometheus")]
mod prometheus;
#[cfg(feature = "recorder")]
mod recorder;
mod timer;

#[cfg(any(feature = "recorder", feature = "prometheus"))]
pub use error::Error;
pub use fanout::Fanout;
pub use meter::Meter;
pub use metric::{Kind, Metric};
#[cfg(any(feature = "recorder", feature = "prometheus"))]
pub use overflow::METRICS;
#[cfg(feature = "prometheus")]
pub use prometheus::{Prometheus, PrometheusConfig};
#[cfg(feature = "recorder")]
pub use recorder::{
    Clock, CounterView, Distribution, GaugeView, HistogramView, Indicator, Labels, Objective,
    ObjectiveStatus, Rate, RecorderConfig, Selector, Snapshot, Window, WindowRecorder,
};
pub use timer::{Timer, Timing};
