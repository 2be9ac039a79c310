//! A short path from a request to its data: tiered caches with one coherence rule, a Postgres pool that splits reads
//! from writes, responses encoded once or not sent at all, and one handle, [`DataPath`], that composes them.
//!
//! ```
//! use forebay::{DataPath, cache::{Cache, LoadFailed, Tag}, cached};
//! use std::time::Duration;
//!
//! #[derive(Clone)]
//! struct App { users: Cache<u64, String> }
//!
//! #[cached(cache = app.users, key = id, ttl = Duration::from_secs(30), tags = [Tag::of("user", id)])]
//! async fn load_user(app: &App, id: u64) -> Result<String, LoadFailed> {
//!     Ok(format!("user {id}")) // a query, as a rule
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let data = DataPath::builder().build().await?;
//! let app = App { users: data.cache("users").capacity(100_000).build()? };
//!
//! assert_eq!(load_user(&app, 7).await?, "user 7");
//! data.invalidate_tag(&Tag::of("user", 7)).await; // the next call loads again
//! # Ok(()) }
//! ```
//!
//! Each part is a crate of its own, re-exported here as a module. Configuration comes from code, then a TOML file,
//! then the environment: see [`config`].

mod builder;
pub mod config;
mod data_path;
mod error;
mod health;
mod measuring;
#[cfg(feature = "memcached")]
mod memcached;
#[cfg(feature = "axum")]
mod pages;
mod parts;
#[cfg(feature = "plan")]
mod plans;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;

pub use builder::DataPathBuilder;
pub use data_path::DataPath;
pub use error::Error;
pub use health::{Condition, Health, PartHealth};

pub use forebay_cache as cache;
#[cfg(feature = "macros")]
pub use forebay_cache::cached;
pub use forebay_metrics as metrics;
#[cfg(feature = "plan")]
pub use forebay_plan as plan;
#[cfg(feature = "postgres")]
pub use forebay_pool as pool;
#[cfg(feature = "response")]
pub use forebay_response as response;
pub use forebay_scope as scope;
pub use forebay_sql as sql;
pub use forebay_traffic as traffic;
