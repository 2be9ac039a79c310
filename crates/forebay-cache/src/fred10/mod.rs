//! Redis (6 or later) through fred 10: the tier and the sequencer, on one server, behind sentinels, or on a cluster.
//!
//! # The tier's keys
//! A [`RedisTier`] keeps one string per key, exactly the key the cache gives it, holding an
//! [envelope](crate::envelope). Both of its scripts look at the first twenty bytes of what is there:
//!
//! - *put* stores, unless the stamp there (epoch, then number) is larger than the new one;
//! - *remove* writes a tombstone, unless what is there has the same stamp or a larger one; a tombstone that stays
//!   is made to live at least as long as asked.
//!
//! Reads of one server that are asked for at the same moment go out as one. How much longer an entry is kept, which its age
//! follows from, stands behind it: the script that stores it notes until when, by the server's clock, and a reader knows what
//! that clock shows, which it asks ten times a second at most. Where an entry does not say (an earlier version stored it), and
//! in clusters, which have many clocks, the time left is asked together with it.
//!
//! # The sequencer's keys
//! For namespace `shop` and the default prefix, all in one cluster slot:
//!
//! | key | type | what |
//! |---|---|---|
//! | `forebay:{shop}:chain` | hash | `epoch`, `number` and `link` of the newest invalidation; `floor`; `tags`, `older`: where the two tables begin; `p`+system: the newest position of each database; `run`: the `run_id` of the server that gave the newest number; `lineage`: the epochs before, each with its last number, and how many of them the present one goes on from |
//! | `forebay:{shop}:log` | stream | the newest invalidations, entry *number*`-0`, field `e` |
//! | `forebay:{shop}:tags`, `…:tags-older` | hash | `t`+tag or `c`+cache → the newest number that hit it; `mark` shows that the table is whole |
//! | `forebay:{shop}:patterns` | hash | `p`+pattern → the newest number that hit it; `mark` as above |
//! | `forebay:{shop}:bus` | channel | the same events |
//!
//! - *issue* takes the next number, appends to the log, notes tag, cache, pattern or floor, and publishes: one script, so
//!   that nobody sees one without the other, and few calls of it for all invalidations of a moment. When a table of tags is
//!   half of what may be kept, it becomes the older one and the floor rises to where the one before it ended.
//! - *follow* gives the end of the chain and the log from a number on.
//! - *renew* starts a new epoch where a node found that the chain had lost its end.
//! - *newest* gives the floor and the numbers of tags.
//!
//! Whatever is lost makes misses, never something stale: without the chain a new epoch begins and all older entries are
//! misses; without a table of tags, or the older one, the floor takes its place; without the log, a node that missed something
//! starts over. Still these keys should not be evicted: use a `volatile-*` policy, as they have no expiry.
//!
//! A server that is not the one that gave the newest number (it restarted, a replica was promoted, the slot moved) may have
//! lost the newest writes, so *issue* goes on in a new epoch: entries under numbers it still has stay valid, and no number is
//! handed out twice. A node that had seen more notices at its next heartbeat, by the links, and starts an epoch that goes on
//! from nothing. This takes the right to call `INFO`; without it only the links tell.
//!
//! # Sentinels and clusters
//! Behind sentinels everything goes to the primary they name; a server that answers that it follows another one is left at
//! once. In a cluster the keys of a tier spread over the shards, the chain of a namespace is in one of them, and a batch takes
//! one round trip per shard. Where the servers are Redis 7 or later the channel is a sharded one, so that the messages come
//! from the server that has the chain; `PUBLISH` on older ones reaches every node by a detour, and the heartbeat may then
//! take an event that is still under way for a lost one and replay it, which is harmless. A cluster is used while all of
//! its shards have a primary that can be reached.
//!
//! # Replicas
//! Entries may be read from replicas, nothing else is: numbers, events and tombstones come from the primary. A replica that lags
//! still has an entry that was invalidated; it is used only if no invalidation of its key or tags has a larger number, and who
//! does not know asks the primary.

mod config;
mod inspect;
mod link;
mod read;
mod reads;
mod script;
mod sequencer;
mod server;
mod server_clock;
mod telling;
mod tier;
#[cfg(feature = "rustls")]
mod tls;
mod together;

pub use config::RedisConfig;
pub use inspect::{CacheSample, ChainState, InspectError, RedisInspector, Sample};
pub use sequencer::{RedisSequencer, SequencerConfig};
pub use tier::RedisTier;
