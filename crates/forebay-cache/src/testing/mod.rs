//! A kit to test services that cache: time that a test moves, nodes, tiers and a backplane inside one process, and faults.
//!
//! Needs the feature `test-util`, which belongs into `[dev-dependencies]`.
//!
//! - [`TestClock`]: a cache's [`Clock`](crate::Clock) that stands still until it is advanced.
//! - [`Cluster`]: several nodes in one process, in one line.
//! - [`null_cache`]: a cache that keeps nothing.
//! - [`Hub`] and [`Node`]: the chain of invalidations those nodes share. It delivers by itself, or message by message, twice,
//!   out of order or not at all, as the test wants; it can be trimmed, rewound and flushed.
//! - [`Shelf`]: a remote tier in memory that can lose what was written to it last.
//! - [`Faults`]: fail, hang or delay the calls of a [`Shelf`] and a [`Node`], or through [`FaultyTier`] and
//!   [`FaultySequencer`] those of any [`Tier`](crate::Tier) and [`Sequencer`](crate::Sequencer).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use forebay_cache::{Cache, testing::Cluster};
//!
//! let cluster = Cluster::start("shop", 2).await;
//! let users: Vec<Cache<u64, String>> =
//!     cluster.each(|space| Cache::builder("users").namespace(space).shared().build().expect("valid settings"));
//!
//! users[1].insert(&7, "Ada".to_owned()).await;
//! users[0].invalidate(&7).await;
//! cluster.settled().await;
//! assert!(users[1].peek(&7).is_none(), "the other node heard of it");
//! # }
//! ```

mod clock;
mod cluster;
mod faults;
mod faulty_sequencer;
mod faulty_tier;
mod hub;
mod node;
mod null;
mod shelf;

pub use clock::TestClock;
pub use cluster::Cluster;
pub use faults::{Faults, Step};
pub use faulty_sequencer::FaultySequencer;
pub use faulty_tier::FaultyTier;
pub use hub::Hub;
pub use node::{Lie, Node};
pub use null::null_cache;
pub use shelf::Shelf;
