//! The lab: real servers for tests, as child processes on loopback ports of their own.
//!
//! Nothing here is a mock. A [`Lab`] holds PostgreSQL (a primary and streaming standbys), Redis and Memcached in one temporary folder.
//! `cargo xtask test` and `cargo xtask lab -- COMMAND` start one and pass its addresses on in the environment variable
//! [`ENVIRONMENT`]; a test reaches it through [`shared()`] and takes a database or a key prefix of its own:
//!
//! ```no_run
//! # async fn example() {
//! let lab = forebay_tests::shared().await;
//! let database = lab.database("reads_follow_writes").await;
//! let primary = database.primary_url();
//! let replicas = database.replica_urls();
//! let redis = lab.redis_url();
//! let prefix = lab.key_prefix("reads_follow_writes");
//! # }
//! ```
//!
//! A test that hurts a server starts a private one: [`Postgres`], [`Redis`], [`RedisSentinel`], [`RedisCluster`], [`Memcached`], [`PgBouncer`], each with its faults as methods, or puts a
//! [`FaultProxy`] in front of a shared one.
//!
//! # What is left behind
//!
//! Nothing. Dropping a server ends its processes and removes its folder. A process that dies without running destructors takes its
//! servers with it (the kernel signals them), and what it left in the temporary folder is removed by the next lab that starts: each lab
//! records its processes with their start times, and only a process that still matches its record is ever signalled.
//!
//! # Servers one already has
//!
//! `FOREBAY_LAB_POSTGRES`, `FOREBAY_LAB_REDIS`, `FOREBAY_LAB_MEMCACHED` and `FOREBAY_LAB_PGBOUNCER` name either the programs to start or running servers to use
//! instead; [`Choice`] says how they are read. Private servers are always started, so they need the programs. `FOREBAY_LAB_NGINX` and
//! `FOREBAY_LAB_VARNISH` name the programs of a [`WebServer`], which only comparisons need.
//!
//! # Users
//!
//! A normal user runs the servers as himself. PostgreSQL refuses to run as root, so for root the lab runs every server as the user
//! `postgres` if there is one, else as `nobody`, in folders that user owns.

mod account;
mod certificates;
mod choice;
mod database;
#[cfg(doctest)]
mod documents;
mod existing;
mod folder;
mod lab;
mod memcached;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod proxy;
mod redis;
mod scratch;
mod shared;
mod sweep;
mod wait;
mod web_server;

pub use certificates::Certificates;
pub use choice::Choice;
pub use database::TestDatabase;
pub use lab::{Addresses, ENVIRONMENT, Lab, LabSpec};
pub use memcached::Memcached;
pub use pgbouncer::PgBouncer;
pub use postgres::{Postgres, PostgresSpec};
pub use process::LineServer;
pub use proxy::FaultProxy;
pub use redis::{Persistence, Redis, RedisCluster, RedisSentinel, RedisSpec};
pub use scratch::Scratch;
pub use shared::{SharedLab, shared};
pub use wait::eventually;
pub use web_server::WebServer;
