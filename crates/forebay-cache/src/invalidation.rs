use crate::Pattern;
use bytes::Bytes;
use forebay_scope::{Position, Positions, Tag};
use serde::Serialize;

/// An invalidation number a value was loaded under. Numbers compare only within one epoch, and with those of the epochs it
/// [goes on from](crate::Missed::earlier); an entry of any other epoch is a miss. Stamps are ordered by epoch, then number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Stamp {
    /// Changes when the chain of numbers was, or may have been, lost or rewound; a later epoch is larger, whoever starts it.
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
    /// Every entry whose key's [text](crate::CacheKey::text) matches.
    Pattern {
        /// The cache whose keys are meant; every cache of the namespace when `None`.
        cache: Option<Box<str>>,
        /// What their text looks like.
        pattern: Pattern,
    },
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

impl Invalidation {
    /// An invalidation after which nothing is left, for no write in particular.
    #[must_use]
    pub fn hard(target: Target) -> Self {
        Self { target, strength: Strength::Hard, positions: Positions::default() }
    }

    /// An invalidation after which the value may still stand in for a failed reload, for no write in particular.
    #[must_use]
    pub fn soft(target: Target) -> Self {
        Self { strength: Strength::Soft, ..Self::hard(target) }
    }

    /// It stands for a write at `position` as well.
    #[must_use]
    pub fn after(mut self, position: Position) -> Self {
        self.positions.merge(position);
        self
    }

    /// The same in fewer words: a pattern that everything matches, or that is too long to be remembered, is a clear.
    pub(crate) fn simplified(mut self) -> Self {
        if let Target::Pattern { cache, pattern } = &mut self.target
            && (pattern.as_str() == "*" || pattern.as_str().len() > Pattern::BYTES_MAX)
        {
            self.target = Target::Clear(cache.take());
        }
        self
    }
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
