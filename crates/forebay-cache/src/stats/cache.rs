use crate::{Mode, metrics::Meters};
use serde::Serialize;

/// What one cache did since it was built, on this node. Made by [`Cache::stats`](crate::Cache::stats).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// The cache's name.
    pub cache: String,
    /// Whether it takes part.
    pub mode: Mode,
    /// Entries in memory, stale ones included.
    pub entries: u64,
    /// What they weigh, in the unit of the capacity.
    pub weight: u64,
    /// What they may weigh.
    pub capacity: u64,
    /// Look-ups answered by a fresh value in memory. `None` from the cache itself, which hands each hit to the recorder
    /// and counts none a second time; whoever has the recorder can fill it in, as `forebay::DataPath` does.
    pub hits: Option<u64>,
    /// Look-ups that memory could not answer.
    pub misses: u64,
    /// Look-ups answered by a stale value while it was reloaded.
    pub stale_while_revalidate: u64,
    /// Look-ups answered by a stale value because a reload failed.
    pub stale_if_error: u64,
    /// Misses that a remote tier answered.
    pub remote_hits: u64,
    /// Entries of remote tiers that were invalidated, or for which that could not be ruled out.
    pub remote_distrusted: u64,
    /// Entries of remote tiers that were damaged or of another form.
    pub remote_unreadable: u64,
    /// Entries that could not be sent to remote tiers.
    pub remote_unfilled: u64,
    /// Bytes of values sent to remote tiers, as the codec wrote them.
    pub plain_bytes: u64,
    /// The same in their envelopes, after compression.
    pub packed_bytes: u64,
    /// Loaders that were run.
    pub loads: u64,
    /// Loaders that ended with an error.
    pub load_failures: u64,
    /// Look-ups that were answered by a load another caller was running.
    pub coalesced: u64,
    /// Keys that are being loaded now.
    pub loading: u64,
    /// Loaded values that were returned and not kept.
    pub unstored: u64,
    /// Entries that left memory to make room.
    pub evictions: u64,
    /// Invalidations asked for through this cache.
    pub invalidations: u64,
    /// How it would have done, while it only observed.
    pub observed: ObservedStats,
}

/// What a cache would have answered while it only observed; see [`Mode::Observe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct ObservedStats {
    /// Look-ups memory would not have answered.
    pub miss: u64,
    /// Hits that would have returned what was loaded.
    pub right: u64,
    /// Hits that would have returned something else.
    pub wrong: u64,
    /// Hits whose value was invalidated while the truth was loaded.
    pub overtaken: u64,
    /// Hits that nothing could compare, or whose load failed.
    pub unjudged: u64,
}

impl CacheStats {
    /// The part of look-ups that memory answered fresh, 0 to 1; `None` without [`hits`](Self::hits), or before the
    /// first look-up.
    #[must_use]
    pub fn hit_ratio(&self) -> Option<f64> {
        ratio(self.hits?, self.hits? + self.misses)
    }

    /// How small values get on their way to remote tiers; `None` before the first was sent.
    #[must_use]
    pub fn compression_ratio(&self) -> Option<f64> {
        ratio(self.packed_bytes, self.plain_bytes)
    }

    pub(crate) fn counted(meters: &Meters) -> Self {
        Self {
            cache: String::new(),
            mode: Mode::On,
            entries: 0,
            weight: 0,
            capacity: 0,
            hits: None,
            misses: meters.misses.total(),
            stale_while_revalidate: meters.stale_refresh.total(),
            stale_if_error: meters.stale_fallback.total(),
            remote_hits: meters.remote_hits.total(),
            remote_distrusted: meters.distrusted.total(),
            remote_unreadable: meters.unreadable.total(),
            remote_unfilled: meters.unfilled.total(),
            plain_bytes: meters.plain_bytes.total(),
            packed_bytes: meters.packed_bytes.total(),
            loads: meters.loads.total(),
            load_failures: meters.load_failures.total(),
            coalesced: meters.coalesced.total(),
            loading: 0,
            unstored: meters.fenced.total() + meters.behind.total() + meters.overtagged.total(),
            evictions: meters.evictions.total(),
            invalidations: meters.invalidations.total(),
            observed: ObservedStats {
                miss: meters.observed.miss.total(),
                right: meters.observed.right.total(),
                wrong: meters.observed.wrong.total(),
                overtaken: meters.observed.overtaken.total(),
                unjudged: meters.observed.unjudged.total(),
            },
        }
    }
}

impl ObservedStats {
    /// Of the hits that could be judged, the part that was right; `None` before the first.
    #[must_use]
    pub fn right_ratio(&self) -> Option<f64> {
        ratio(self.right, self.right + self.wrong)
    }

    /// The part of look-ups memory would have answered; `None` before the first.
    #[must_use]
    pub fn hit_ratio(&self) -> Option<f64> {
        let hits = self.right + self.wrong + self.overtaken + self.unjudged;
        ratio(hits, hits + self.miss)
    }
}

fn ratio(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}
