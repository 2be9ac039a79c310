//! Memcached (1.6 or later) through the `memcache` crate 0.21 and the meta protocol, over TCP.
//!
//! # Keys
//! One item per key, holding an [envelope](crate::envelope). Keys of up to 180 bytes are used as they are; longer ones, which
//! Memcached may not take, become `forebay:#` and their SHA-256. Two keys that met in one hash would not read each
//! other's entry: the envelope's checksum covers the whole key.
//!
//! # Conditions
//! Memcached has no scripts. A *put* first adds, which succeeds where there is nothing; what is there otherwise is
//! read, its stamp compared, and replaced only if it is still the same (`C`). A *remove* reads, then replaces or adds its
//! tombstone under the same condition. So the usual fill takes one round trip and a refresh takes three.
//!
//! # Time
//! Memcached counts in whole seconds and reads more than 30 days as a date: entries are kept for at most 30 days, at
//! least one second (a shorter one is [`Skipped`](crate::Outcome)), and never longer than asked; tombstones never
//! shorter. The time an entry has left is rounded down by a second, so that its age is never taken for less than it is.
//!
//! # Leases
//! The lease of a key is an item of its own, `{` the key `}:lease`, which holds the token of who loads. It is added where
//! there is none, and otherwise replaced, renewed and given back only if it is still the same (`C`). Asking takes one round
//! trip, and two more for the one that gets it. It holds for whole seconds, up to two longer than asked.
//!
//! # Several servers
//! Keys are spread by rendezvous hashing. In a read, the keys of a server that fails are misses as long as another one
//! answers.
//! Reads of one server that are asked for at the same moment share an exchange with it.

mod config;
mod key;
mod leases;
mod settle;
mod tier;

pub use config::MemcachedConfig;
pub use tier::MemcachedTier;
