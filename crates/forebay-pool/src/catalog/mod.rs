//! What the database's own catalogue says of statements, beside their text.

mod attendant;
mod changes;
mod judgement;
mod meters;
mod path;
mod problem;
mod settings;
mod snapshot;
mod status;

pub(crate) use attendant::{Clerk, attend};
pub(crate) use judgement::Judgement;
use meters::CatalogMeters;
use path::Schemas;
pub use problem::CatalogProblem;
pub use settings::CatalogConfig;
pub use snapshot::CatalogSnapshot;
pub use status::CatalogStatus;
