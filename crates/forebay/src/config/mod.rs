//! Configuration: from code, then a TOML file, then the environment; the later wins.

mod environment;
mod error;
mod layers;
mod origin;
mod settings;

pub use environment::Environment;
pub use error::ConfigError;
pub(crate) use layers::Layers;
pub use origin::Origin;
pub use settings::{CoherenceSettings, MetricsSettings, ServiceSettings, Settings};
