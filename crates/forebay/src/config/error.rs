use super::Origin;
use std::path::PathBuf;

/// The configuration cannot be used. Each message names the key and where it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A value does not fit its key, or the key does not exist.
    #[error("{key} (from {origin}): {problem}")]
    Value {
        /// The key with its section, such as `postgres.max_size`.
        key: String,
        /// Where the value was given.
        origin: Origin,
        /// What is wrong with it.
        problem: String,
    },
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The configuration file is not TOML; the source names the line.
    #[error("{path} is not valid TOML")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// An environment variable with our prefix names no section.
    #[error("${name}: {problem}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with its name or value.
        problem: String,
    },
    /// A part is configured whose feature is not compiled in.
    #[error("{key} (from {origin}) needs the cargo feature `{feature}` of forebay")]
    Feature {
        /// The section.
        key: String,
        /// Where it was given.
        origin: Origin,
        /// The feature to turn on.
        feature: &'static str,
    },
}
