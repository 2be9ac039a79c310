//! The planner is asked about slow calls, with their own values, on a connection beside the pool.

mod attendant;
mod budget;
mod config;
mod eligible;
mod error;
mod explainer;
mod flip;
mod history;
mod meters;
mod redact;
mod report;
mod servers;
mod shape;
mod side;
mod statistics;
mod status;

pub use config::ExplainConfig;
pub use eligible::Skipped;
pub use error::ExplainError;
pub use explainer::{Explainer, ExplainerBuilder};
pub use flip::Flip;
pub use report::{GenericPlan, PlanReport};
pub use side::Explain;
pub use status::ExplainerStatus;
