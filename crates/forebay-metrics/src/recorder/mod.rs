//! The in-process recorder.
//!
//! Time is cut into steps of five seconds. A histogram keeps the last twelve steps as atomic bucket counts
//! ([`histogram`]); a step that leaves the minute is folded into a ring of five-minute periods. Counters are a few
//! atomics each, sampled once per step ([`counter`]). What moves time forward is the recording itself, a
//! snapshot, or a ticker of the host: whoever first notices a new step moves it, under a lock that nobody
//! waits for while recording ([`window_recorder`]).

mod buckets;
mod clock;
mod config;
mod counter;
mod histogram;
mod merged;
mod objective;
mod registry;
mod snapshot;
mod total;
mod view;
mod window_recorder;

pub use clock::Clock;
pub use config::RecorderConfig;
pub use objective::{Indicator, Objective, ObjectiveStatus, Selector, Window};
pub use snapshot::{CounterView, Distribution, GaugeView, HistogramView, Labels, Rate, Snapshot};
pub use window_recorder::WindowRecorder;
