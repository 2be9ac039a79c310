//! What a pool knows of its database's catalogue.

use serde::Serialize;

/// What a pool knows of its database's catalogue; with [`CatalogConfig::enabled`](crate::CatalogConfig) only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CatalogStatus {
    /// Whether functions and operators are proven to only read by the snapshot: `false` before the first reading, from a
    /// change of the schema until it is read, and when nobody could look for changes for too long.
    pub trusted: bool,
    /// Functions, operators, types, relations, views and policies of the last snapshot, by name.
    pub entries: usize,
    /// How many times the catalogue was read.
    pub reads: u64,
    /// Why the last reading or look failed, if it did.
    pub problem: Option<String>,
}
