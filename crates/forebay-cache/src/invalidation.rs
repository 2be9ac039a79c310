use bytes::Bytes;
use forebay_scope::{Positions, Tag};
use serde::Serialize;

/// An invalidation number a value was loaded under. Numbers compare only within one epoch; an entry of another
/// epoch is a miss. Stamps are ordered by epoch, then number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Stamp {
    /// Changes when the chain of numbers was lost or rewound; a later epoch is larger, whoever starts it.
    pub epoch: u64,
    /// The number of the newest invalidation the load is known to have seen.
    pub number: u64,
}

/// What an invalidation hits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// One key, as `cache:key` bytes.
    Key(Bytes),
    /// Every entry that carries the tag.
    Tag(Tag),
    /// Every entry of one cache, or of the whole namespace when `None`.
    Clear(Option<Box<str>>),
}

/// Whether the value may still serve as a fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// Stale, but usable while a reload fails (within the cache's stale-if-error window).
    Soft,
    /// Gone.
    Hard,
}

/// A request to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    /// What it hits.
    pub target: Target,
    /// How hard.
    pub strength: Strength,
    /// The writes it stands for: a reload must be read at or after these positions to be stored.
    pub positions: Positions,
}

/// An invalidation that took its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its epoch and number.
    pub stamp: Stamp,
    /// Its own random link.
    pub link: u64,
    /// The link of the invalidation before it.
    pub previous: u64,
    /// What was asked.
    pub invalidation: Invalidation,
}
