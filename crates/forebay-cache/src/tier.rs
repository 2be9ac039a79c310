use crate::{LeaseTier, Stamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::{fmt, time::Duration};

/// A place outside this process that holds entries as bytes: Redis, Memcached, a disk.
///
/// Every call takes a batch, so that a tier can answer it in one round trip per server. A tier reports
/// trouble and nothing more: the cache puts a deadline and a circuit breaker around it and turns every
/// error into a miss. It is `dyn` because a cache picks its tiers from configuration; the call costs nothing
/// beside the round trip.
///
/// # Cancellation safety
/// The cache drops these futures at its deadline. A tier must stay usable then: the reply to a dropped call
/// must never reach the next one.
#[async_trait]
pub trait Tier: fmt::Debug + Send + Sync + 'static {
    /// A short name for metrics and messages, such as `redis`.
    fn name(&self) -> &str;

    /// What is stored under each key, in the order asked. Tombstones are returned as they were stored.
    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError>;

    /// Stores each fill, unless the place holds an entry or a tombstone with a larger stamp (epoch first, then
    /// number): then that fill is refused and the others are still stored. A fill too large for the tier is
    /// [`Outcome::Skipped`].
    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError>;

    /// Replaces what is stored by a tombstone that refuses fills with a smaller stamp for `Removal::keep`. An entry
    /// or a tombstone that already has that stamp or a larger one stays: it refuses the same fills.
    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError>;

    /// The same tier as one that leases keys. Default: it does not.
    fn leases(&self) -> Option<&dyn LeaseTier> {
        None
    }
}

/// What a tier holds under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The bytes as they were put.
    pub value: Bytes,
    /// How much longer the tier will keep them, never more than the truth; `None` when it keeps them until evicted.
    /// An entry's age follows from it without comparing the clocks of two machines. Of a tombstone it may be left out.
    pub remaining: Option<Duration>,
}

/// One entry on its way into a tier.
#[derive(Debug, Clone)]
pub struct Fill {
    /// The full key, with namespace and cache name.
    pub key: Bytes,
    /// An encoded envelope; its header carries `stamp` again at a fixed place.
    pub value: Bytes,
    /// The invalidation number the value was loaded under.
    pub stamp: Stamp,
    /// How long the tier keeps the entry, fallback windows included; `None` keeps it until evicted.
    pub keep: Option<Duration>,
}

/// One key whose older loads must not be stored any more.
#[derive(Debug, Clone)]
pub struct Removal {
    /// The full key, with namespace and cache name.
    pub key: Bytes,
    /// The number of the invalidation.
    pub stamp: Stamp,
    /// How long the tombstone stays: longer than any load may take.
    pub keep: Duration,
}

/// What became of a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the tier.
    Stored,
    /// The key was invalidated, or filled by a later load, after this load began.
    Refused,
    /// The tier does not take items of this size.
    Skipped,
}

/// A tier did not do its work. Never the request's error: the cache counts it and goes on.
#[derive(Debug, thiserror::Error)]
#[error("{tier}: {step} failed")]
pub struct TierError {
    /// The name of the tier.
    pub tier: &'static str,
    /// What was being done: `connect`, `get`, `put`, `remove`, `lease`.
    pub step: &'static str,
    /// What the client said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
