use super::standing::{Check, Standing};
use crate::Stamp;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// Why a key is answered from where it is: what each tier holds of it, and what that is good for.
///
/// Made by [`Cache::explain`](crate::Cache::explain). Serialises to plain data (durations in seconds); `Display` is for
/// people.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The namespace's name.
    pub namespace: String,
    /// The cache's name.
    pub cache: String,
    /// The key's [text](crate::CacheKey::text).
    pub key: String,
    /// Where a read would get its value now.
    pub answer: Answer,
    /// How far this node has followed the chain of invalidations; `None` while it has not joined or has invalidations
    /// to send, so that remote tiers are not trusted.
    pub chain: Option<Stamp>,
    /// Whether the key is being loaded.
    pub loading: bool,
    /// What this process holds.
    pub memory: Held,
    /// What the remote tiers hold, nearest first.
    pub tiers: Vec<TierHeld>,
}

/// Where a read would get its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// From memory.
    Memory,
    /// From memory, while it is reloaded in the background.
    StaleMemory,
    /// From the remote tier of this name.
    Tier(String),
    /// From its loader.
    Loader,
    /// From a remote tier, or from its loader: that depends on tags which are encrypted with a key that is not known here.
    Unjudged,
}

/// What one remote tier holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TierHeld {
    /// The tier's name.
    pub tier: String,
    /// The circuit breaker in front of it: `closed`, `half_open` or `open`. When it is not closed the tier was not
    /// asked; `unguarded` when there is none.
    pub breaker: &'static str,
    /// What it holds.
    #[serde(flatten)]
    pub held: Held,
}

/// What a tier holds under a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "held", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Held {
    /// Nothing.
    Nothing,
    /// An entry.
    Entry(Box<EntryFound>),
    /// The mark of an invalidation: it refuses fills by loads that began before.
    Tombstone {
        /// The invalidation's epoch.
        epoch: u64,
        /// The invalidation's number.
        number: u64,
    },
    /// Bytes that are no entry this program understands: a miss.
    NotUnderstood {
        /// `unknown`, `damaged` and so on; see [`Reject`](crate::envelope::Reject).
        why: String,
    },
    /// The cache does not use this tier.
    NotUsed,
    /// It was left alone, because its circuit breaker is not closed.
    NotAsked,
    /// It did not answer.
    NoAnswer {
        /// What its client said.
        why: String,
    },
}

/// An entry, and what it is good for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EntryFound {
    /// What it is good for.
    pub standing: Standing,
    /// The epoch of `number`; `None` in memory, where numbers are this node's own count of invalidations.
    pub epoch: Option<u64>,
    /// The number its load began at. It is held against each of `checks`.
    pub number: u64,
    /// What it was held against.
    pub checks: Vec<Check>,
    /// How long ago its load was; `None` when that cannot be told.
    #[serde(rename = "age_seconds", serialize_with = "seconds")]
    pub age: Option<Duration>,
    /// How much longer it is fresh, jitter included; `None` until it is invalidated.
    #[serde(rename = "ttl_left_seconds", serialize_with = "seconds")]
    pub ttl_left: Option<Duration>,
    /// What it weighs, in the unit of the cache's capacity (memory), or how long its envelope is in bytes (remote).
    pub size: u64,
    /// Its tags.
    pub tags: Vec<String>,
    /// How its value is written; `None` in memory, where it is the value itself.
    pub form: Option<Form>,
}

/// How the value of a remote entry is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Form {
    /// The fingerprint of codec and schema, sixteen hexadecimal digits.
    pub fingerprint: String,
    /// The codec and schema that have this fingerprint (`messagepack, schema 0`), when they are among those this crate
    /// knows.
    pub codec: Option<String>,
    /// The key that value and tags are encrypted with; `None` when they are not.
    pub encryption_key: Option<u32>,
    /// How it is packed: `none`, `lz4` …
    pub compression: &'static str,
    /// The value's length as its codec wrote it.
    pub value_bytes: u64,
    /// The value's length as it is packed.
    pub packed_bytes: u64,
    /// How long the load took.
    #[serde(rename = "load_seconds", serialize_with = "seconds_of")]
    pub load: Duration,
}

impl Explanation {
    /// Whether a read is known to be answered without a loader.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        !matches!(self.answer, Answer::Loader | Answer::Unjudged)
    }
}

impl Held {
    /// The entry, if there is one.
    #[must_use]
    pub fn entry(&self) -> Option<&EntryFound> {
        if let Self::Entry(entry) = self { Some(entry) } else { None }
    }

    pub(crate) fn is(&self, standing: Standing) -> bool {
        self.entry().is_some_and(|entry| entry.standing == standing)
    }
}

fn seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}

fn seconds_of<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    duration.as_secs_f64().serialize(serializer)
}
