//! One value for one key through memory and remote tiers, loaded once, invalidated everywhere.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use forebay_cache::{Cache, LoadFailed, Tag};
//! use std::time::Duration;
//!
//! #[derive(Debug, Clone, PartialEq)]
//! struct User { name: String }
//!
//! #[derive(Debug, thiserror::Error)]
//! enum AppError {
//!     #[error("database: {0}")]
//!     Database(String),
//!     #[error(transparent)]
//!     Load(#[from] LoadFailed),
//! }
//!
//! let users: Cache<u64, User> =
//!     Cache::builder("users").capacity(100_000).ttl(Duration::from_secs(300)).build()?;
//!
//! let id = 7;
//! let user = users
//!     .entry(&id)
//!     .tags(|| [Tag::of("user", id)])
//!     .get_or_load(async || Ok::<_, AppError>(User { name: format!("user {id}") }))
//!     .await?;
//! assert_eq!(user.name, "user 7");
//!
//! users.invalidate_tag(&Tag::of("user", id)).await;
//! assert_eq!(users.get(&id).await, None);
//! # Ok(()) }
//! ```
//!
//! # What a loader returns
//! [`get_or_load`](Cache::get_or_load) takes an async closure and gives back exactly its return type. The *cache's*
//! value type decides what is stored ([`StoredAs`]): `Cache<K, User>` keeps `User`, `Arc<User>`, and what is `Some`
//! or `Ok`; `Cache<K, Option<User>>` also keeps that there is none. `Arc<User>` is stored and returned without a copy.
//!
//! # The loader contract
//! The closure runs *inline*, in the caller's task, so it may borrow. One caller of a key leads, the others wait.
//! - A leader that is dropped hands over to the caller that waits longest, who runs its own closure.
//! - A leader that fails gets its own error, unless a stale value may stand in for it
//!   ([`stale_if_error`](CacheBuilder::stale_if_error)). Those who waited get the stale value if there is one, else
//!   `E: From<LoadFailed>`. When the return type has no error, a waiting caller runs its own closure instead.
//! - A leader that panics fails those who wait with [`LoadFailed::Panicked`]. That is a failed load like others; the key
//!   stays usable.
//! - What a leader found absent is absent for those who waited.
//! - Nobody waits longer than [`load_max`](CacheBuilder::load_max) for another's load, nor past the deadline of its own
//!   [`Scope`](forebay_scope::Scope): it fails with [`LoadFailed::Deadline`], or runs its own closure.
//! - A leader's own closure is stopped at `load_max` as well, when there is a stale value or an error to give instead.
//! - A loader that asks for the key it is loading, straight or through other caches, does not wait for itself: the inner
//!   call runs its own closure, and keeps nothing. Two *tasks* whose loads ask for each other's keys do wait, until
//!   `load_max`: let loads depend on each other in one direction.
//!
//! Work that outlives its caller (refreshing while a stale value is served) takes an owned [`Loader`] instead.
//!
//! # The rule
//! No read that starts after an invalidation was acknowledged on this node returns a value whose load began before it.
//! That holds for keys, for [tags](Tag) known before or after the load, for [patterns](Pattern) of keys, and for
//! [clears](Cache::clear); for loads that
//! are slow, dropped or in the background. No clock takes part.
//!
//! Through nested caches it holds for tags: what a loader reads from another cache gives its tags to the entry the loader
//! makes. Invalidating the inner cache by key, or clearing it, does not reach what was built from it: tag what others
//! build upon.
//!
//! # Remote tiers and other nodes
//! Caches belong to a [`Namespace`]. With a [`Sequencer`] its nodes form one chain of invalidations: each has a number and
//! names its predecessor, so a lost message shows as a gap and is replayed, and a chain that was trimmed or rewound makes
//! everything a node holds suspect. With [`Tier`]s behind a [`GuardedTier`], caches that have a
//! [codec](CacheBuilder::shared) keep their entries there as well, stamped with the number their load had seen; what is
//! found is used only if nothing that matches it was invalidated since. Trouble in either is a metric and a miss: own
//! invalidations hold here at once and are queued, and staleness elsewhere is bounded by
//! [`silence_max`](NamespaceBuilder::silence_max) and [`WhenSilent`].
//!
//! A load runs in a child of the caller's [`Scope`](forebay_scope::Scope), which carries the positions of the writes
//! that concern it: what was read from a server behind them is returned and not stored.

#[cfg(test)]
extern crate self as forebay_cache;

mod cache;
mod clock;
mod codec;
mod config;
pub mod envelope;
mod error;
mod events;
mod explain;
mod failure;
mod flight;
#[cfg(feature = "redis")]
pub mod fred10;
mod freshness;
#[cfg(any(feature = "memcached", feature = "redis"))]
mod gather;
mod guards;
mod heat;
mod invalidation;
mod key;
#[cfg(feature = "encryption")]
mod keyring;
mod lease;
mod load;
mod load_lease;
mod loader;
#[cfg(feature = "memcached")]
pub mod memcache021;
mod memory;
mod metrics;
mod mode;
mod namespace;
mod pattern;
#[cfg(feature = "redis-rs")]
pub mod redis1;
#[cfg(any(feature = "redis", feature = "redis-rs"))]
mod redis_scripts;
#[cfg(feature = "encryption")]
mod seal;
mod sequencer;
mod silence;
mod spans;
mod stats;
mod stored_as;
mod tally;
mod tasks;
#[cfg(feature = "test-util")]
pub mod testing;
mod tier;
mod tiers;
mod values;
mod writes;

pub use cache::{
    Batch, Cache, CacheBuilder, Invalidator, KeptFresh, Lookup, Many, NoTags, TagSource, TagsBy, TagsFrom,
    Warmed, Warming,
};
pub use clock::Clock;
#[cfg(feature = "json")]
pub use codec::Json;
#[cfg(feature = "postcard")]
pub use codec::Postcard;
pub use codec::{Codec, CodecError, Fingerprint, MessagePack};
pub use config::CacheConfig;
pub use error::{CacheError, LoadFailed};
pub use events::CacheEvent;
pub use explain::{Against, Answer, Check, EntryFound, Explanation, Form, Held, Standing, TierHeld};
pub use failure::{ErrorKind, LoadError};
/// # Examples
///
/// A function, with options that use its arguments:
/// ```
/// use forebay_cache::{Cache, LoadFailed, Tag, cached};
/// use std::time::Duration;
///
/// #[derive(Debug, Clone, PartialEq)]
/// struct User { name: String }
///
/// #[derive(Debug, thiserror::Error)]
/// enum AppError {
///     #[error("database: {0}")]
///     Database(String),
///     #[error(transparent)]
///     Load(#[from] LoadFailed),
/// }
///
/// struct App { users: Cache<u64, User> }
///
/// #[cached(cache = app.users, key = id, ttl = Duration::from_secs(30), tags = [Tag::of("user", id)])]
/// async fn load_user(app: &App, id: u64) -> Result<User, AppError> {
///     Ok(User { name: format!("user {id}") }) // a query, and `?`
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App { users: Cache::builder("users").build()? };
/// assert_eq!(load_user(&app, 7).await?.name, "user 7");
/// assert!(app.users.peek(&7).is_some());
/// app.users.invalidate_tag(&Tag::of("user", 7)).await;
/// assert!(app.users.peek(&7).is_none());
/// # Ok(()) }
/// ```
///
/// A method, with tags that are known only from the value:
/// ```
/// use forebay_cache::{Cache, Tag, cached};
/// use std::sync::Arc;
///
/// struct Order { shop: u32 }
/// struct Orders { cache: Cache<String, Order> }
///
/// impl Orders {
///     #[cached(cache = self.cache, key = number.to_owned(), tags_from = |order: &Order| [Tag::of("shop", order.shop)])]
///     async fn find(&self, number: &str) -> Option<Arc<Order>> {
///         (number != "none").then(|| Arc::new(Order { shop: 3 }))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), forebay_cache::CacheError> {
/// let orders = Orders { cache: Cache::builder("orders").build()? };
/// assert!(orders.find("none").await.is_none());
/// assert!(orders.find("A-1").await.is_some());
/// # Ok(()) }
/// ```
#[cfg(feature = "macros")]
pub use forebay_macros::cached;
/// Where measurements go; what builders and [`GuardedTier::new`] ask for.
pub use forebay_metrics::Meter;
pub use forebay_scope::Tag;
pub use heat::{KeyFile, KeyStore};
pub use invalidation::{Event, Invalidation, Stamp, Strength, Target};
pub use key::CacheKey;
#[cfg(feature = "encryption")]
pub use keyring::{EncryptionKey, Keyring, KeyringError};
pub use lease::{LeaseAnswer, LeaseAsk, LeaseState, LeaseTier, LeaseToken};
pub use load::{Load, Previous};
pub use load_lease::LoadLease;
pub use loader::{Loader, LoaderError};
pub use memory::EvictCause;
pub use metrics::METRICS;
pub use mode::Mode;
pub use namespace::{Events, Namespace, NamespaceBuilder, NamespaceInvalidator, Reached};
pub use pattern::Pattern;
#[cfg(feature = "encryption")]
pub use seal::Cipher;
pub use sequencer::{Heard, LivePatterns, Mark, Missed, Newest, Question, Sequencer, SequencerError};
pub use silence::WhenSilent;
pub use stats::{CacheStats, NamespaceStatus, ObservedStats, TierStats};
pub use stored_as::{FollowerError, Loaded, StoredAs};
pub use tier::{Fill, Outcome, Removal, Stored, Tier, TierError};
pub use tiers::{GuardedTier, TierConfig};
pub use writes::{WritesConfig, Written};
