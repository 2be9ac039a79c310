//! The pool for programs without `async`: scripts, worker threads, migrations. Feature `blocking`.
//!
//! Everything is as in the rest of the crate, and each call returns when it is done. [`Pool::start`] brings a runtime of
//! its own, one thread that ends with the last handle; [`Pool::start_on`] and [`Pool::over`] use one that is there.
//!
//! ```no_run
//! use forebay_pool::{PoolConfig, blocking::Pool};
//!
//! # fn main() -> Result<(), forebay_pool::PoolError> {
//! let config = PoolConfig::from_url("postgres://app@db-1/shop")?;
//! let pool = Pool::start(forebay_pool::Pool::builder(config))?;
//!
//! let paid = pool.transaction(|tx| {
//!     tx.execute("UPDATE account SET balance = balance - $1 WHERE id = $2", &[&5_i64, &1_i32])?;
//!     tx.execute("UPDATE account SET balance = balance + $1 WHERE id = $2", &[&5_i64, &2_i32])
//! })?;
//! let row = pool.read_after(paid.position)?.query_one("SELECT balance FROM account WHERE id = $1", &[&2_i32])?;
//! let balance: i64 = row.get("balance");
//! # let _ = balance;
//! # Ok(()) }
//! ```
//!
//! # In a program that is asynchronous
//!
//! A call in a task would block the thread that all tasks share. It is refused with
//! [`PoolError::WouldBlock`](crate::PoolError::WouldBlock), whichever runtime the pool has. In
//! [`spawn_blocking`](tokio::task::spawn_blocking) and `block_in_place` calls are welcome. What hides from its runtime that it
//! is a task ([`unconstrained`](tokio::task::unconstrained)) is not noticed, and blocks.
//!
//! # Stopping
//!
//! A thread that waits cannot be dropped like a future. Put the calls within a scope that has a deadline
//! ([`Pool::within`]): at the deadline the call returns, and the server is told to stop.

mod guards;
mod listener;
mod pool;
mod runner;
mod transaction;

pub use guards::{Reader, Writer};
pub use listener::Listener;
pub use pool::Pool;
pub use transaction::Transaction;
