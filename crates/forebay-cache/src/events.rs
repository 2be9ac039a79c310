use crate::{EvictCause, Stamp, Strength, Target};
use forebay_traffic::State;
use std::time::Duration;

/// Something that happened in a namespace; see [`Namespace::events`](crate::Namespace::events).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheEvent {
    /// A load ended, well or not.
    Loaded {
        /// The cache.
        cache: Box<str>,
        /// The key's [text](crate::CacheKey::text).
        key: Box<str>,
        /// How long its loader took.
        took: Duration,
        /// Whether it ended without an error.
        succeeded: bool,
    },
    /// A value was stored in memory.
    Stored {
        /// The cache.
        cache: Box<str>,
        /// The key's [text](crate::CacheKey::text).
        key: Box<str>,
    },
    /// An entry left memory to make room.
    Evicted {
        /// The cache.
        cache: Box<str>,
        /// The key's [text](crate::CacheKey::text).
        key: Box<str>,
        /// Why.
        cause: EvictCause,
    },
    /// Something was invalidated.
    Invalidated {
        /// What.
        target: Target,
        /// How hard.
        strength: Strength,
        /// Its number, when another node did it; one of this node's own takes its number later.
        heard: Option<Stamp>,
    },
    /// The chain of invalidations did not fit to what was heard before: something was missed, and will be asked for.
    Gap,
    /// What was missed was asked for.
    Replayed {
        /// Whether all of it was still there. If not, everything in memory is suspect; a node that joins begins so.
        complete: bool,
        /// How many invalidations it was.
        missed: usize,
    },
    /// Everything in memory has to be loaded again before it is served.
    Suspected,
    /// The circuit breaker in front of a remote tier changed: an open one keeps the tier from being asked.
    Breaker {
        /// The tier's name.
        tier: Box<str>,
        /// What the breaker does now.
        state: State,
    },
    /// Nothing was heard of other nodes for too long (`true`), or something was again.
    Silent(bool),
    /// The listener was too slow: so many events were dropped before the next one.
    Missed(u64),
}

impl CacheEvent {
    /// The cache it is about; `None` when it is about several, or all.
    #[must_use]
    pub fn cache(&self) -> Option<&str> {
        match self {
            Self::Loaded { cache, .. } | Self::Stored { cache, .. } | Self::Evicted { cache, .. } => {
                Some(cache)
            }
            Self::Invalidated { target: Target::Clear(cache) | Target::Pattern { cache, .. }, .. } => {
                cache.as_deref()
            }
            Self::Invalidated { target: Target::Key(key), .. } => {
                let colon = key.iter().position(|byte| *byte == b':')?;
                std::str::from_utf8(&key[..colon]).ok()
            }
            _ => None,
        }
    }
}
