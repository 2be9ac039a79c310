use crate::envelope::is_endless;
use bytes::Bytes;
use std::{
    fmt,
    sync::atomic::{AtomicU8, Ordering},
};
use xxhash_rust::xxh3::xxh3_64;

/// Which caches keep their entries without a limit of time, going by what was read of late: nobody has to ask how much of
/// that time is left.
///
/// A guess that was wrong costs a second question and nothing else, as the entry itself says whether it has a limit.
pub(super) struct Endless {
    /// Entries without a limit that were seen in a row, by the hash of the cache's name. Two caches that meet in one place
    /// share a guess.
    seen: [AtomicU8; Self::PLACES],
}

impl Endless {
    const PLACES: usize = 64;
    /// So many in a row make the guess: where entries of both kinds are in one cache, a second question is rare.
    const ENOUGH: u8 = 64;

    pub(super) const fn new() -> Self {
        Self { seen: [const { AtomicU8::new(0) }; Self::PLACES] }
    }

    /// Whether what is under `key` is expected to have no limit.
    pub(super) fn expects(&self, key: &[u8]) -> bool {
        self.of(key).load(Ordering::Relaxed) >= Self::ENOUGH
    }

    /// Takes note of what was under `key`; whether that has no limit.
    pub(super) fn note(&self, key: &[u8], value: &Bytes) -> bool {
        let endless = is_endless(value);
        let (of, seen) = (self.of(key), self.of(key).load(Ordering::Relaxed));
        // Written only when it changes, which it does not once the guess is made.
        match endless {
            true if seen < Self::ENOUGH => of.store(seen + 1, Ordering::Relaxed),
            false if seen > 0 => of.store(0, Ordering::Relaxed),
            _ => {}
        }
        endless
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

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endless").finish_non_exhaustive()
    }
}
