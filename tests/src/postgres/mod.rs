//! A PostgreSQL primary and its streaming standbys.

mod cluster;
mod files;
mod node;
mod segment;
mod spec;

pub use cluster::Postgres;
pub(crate) use node::{connect, wait_replayed};
pub use spec::PostgresSpec;
