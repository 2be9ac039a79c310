use crate::envelope::End;
use std::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
};
use xxhash_rust::xxh3::xxh3_64;

/// Which caches have entries that say themselves until when they are kept, or that they have no limit, going by what was
/// read of late: nobody has to ask how much of that time is left.
///
/// A guess that was wrong costs a second question and nothing else.
pub(super) struct Telling {
    /// Such entries that were seen in a row, and [`Self::ENDED`] if one of them had a limit; by the hash of the cache's name.
    /// Two caches that meet in one place share a guess.
    seen: [AtomicU8; Self::PLACES],
}

/// What is expected of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// That it does not say.
    Unsaid,
    /// That it has no limit.
    Endless,
    /// That it says until when it is kept, or has no limit.
    Ended,
}

impl Telling {
    const PLACES: usize = 64;
    /// So many in a row make the guess: where entries of both kinds are in one cache, a second question is rare.
    const ENOUGH: u8 = 64;
    const ENDED: u8 = 0x80;

    pub(super) const fn new() -> Self {
        Self { seen: [const { AtomicU8::new(0) }; Self::PLACES] }
    }

    /// What is expected under `key`.
    pub(super) fn expects(&self, key: &[u8]) -> Expected {
        let seen = self.of(key).load(Ordering::Relaxed);
        if seen & !Self::ENDED < Self::ENOUGH {
            Expected::Unsaid
        } else if seen & Self::ENDED == 0 {
            Expected::Endless
        } else {
            Expected::Ended
        }
    }

    /// Takes note of what was under `key`.
    pub(super) fn note(&self, key: &[u8], end: End) {
        let (of, seen) = (self.of(key), self.of(key).load(Ordering::Relaxed));
        let more = (seen & !Self::ENDED).saturating_add(1).min(Self::ENOUGH) | seen & Self::ENDED;
        let now = match end {
            End::Unsaid => 0,
            End::Buried => seen,
            End::Never => more,
            End::At(_) => more | Self::ENDED,
        };
        // Written only when it changes, which it does not once the guess is made.
        if now != seen {
            of.store(now, Ordering::Relaxed);
        }
    }

    /// The place of the cache of a key, `namespace:cache:key`.
    fn of(&self, key: &[u8]) -> &AtomicU8 {
        let mut colons = key.iter().enumerate().filter(|(_, byte)| **byte == b':');
        let end = colons.nth(1).map_or(key.len(), |(at, _)| at);
        let place = xxh3_64(&key[..end]) % Self::PLACES as u64;
        // Less than the number of places.
        &self.seen[usize::try_from(place).unwrap_or(0)]
    }
}

impl fmt::Debug for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telling").finish_non_exhaustive()
    }
}
