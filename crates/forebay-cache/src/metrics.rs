use crate::{namespace, tiers};
use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Histogram};

/// Everything this crate measures.
pub const METRICS: &[Metric] = &{
    let mut all = [HITS; CACHE.len() + tiers::METRICS.len() + namespace::METRICS.len()];
    let mut at = 0;
    while at < all.len() {
        let (tier, space) = (CACHE.len(), CACHE.len() + tiers::METRICS.len());
        all[at] = if at < tier {
            CACHE[at]
        } else if at < space {
            tiers::METRICS[at - tier]
        } else {
            namespace::METRICS[at - space]
        };
        at += 1;
    }
    all
};

/// What is measured of each cache.
const CACHE: [Metric; 13] = [
    HITS,
    STALE,
    MISSES,
    REMOTE,
    LOADS,
    LOAD_FAILURES,
    LOAD_SECONDS,
    COALESCED,
    NOT_MODIFIED,
    UNSTORED,
    EVICTIONS,
    SWEPT,
    INVALIDATIONS,
];

const HITS: Metric =
    Metric::counter("forebay_cache_hits_total", &["cache"], "Look-ups answered by a fresh value in memory.");
const STALE: Metric = Metric::counter(
    "forebay_cache_stale_total",
    &["cache", "why"],
    "Look-ups answered by a stale value: `refresh` while it is reloaded, `fallback` because the reload failed.",
);
const MISSES: Metric =
    Metric::counter("forebay_cache_misses_total", &["cache"], "Look-ups that memory could not answer.");
const REMOTE: Metric = Metric::counter(
    "forebay_cache_remote_total",
    &["cache", "outcome"],
    "Entries of remote tiers: `hit` when one was used, `distrusted` when it was invalidated or that could not be ruled \
     out, `unreadable` when it was damaged or of another form, `unfilled` when one could not be sent there.",
);
const LOADS: Metric = Metric::counter("forebay_cache_loads_total", &["cache"], "Loaders that were run.");
const LOAD_FAILURES: Metric =
    Metric::counter("forebay_cache_load_failures_total", &["cache"], "Loaders that ended with an error.");
const LOAD_SECONDS: Metric = Metric::seconds(
    "forebay_cache_load_seconds",
    &["cache"],
    "How long a loader took, failed ones included.",
);
const COALESCED: Metric = Metric::counter(
    "forebay_cache_coalesced_total",
    &["cache"],
    "Look-ups that were answered by a load another caller was running.",
);
const UNSTORED: Metric = Metric::counter(
    "forebay_cache_unstored_total",
    &["cache", "why"],
    "Loaded values that were returned and not kept: `fenced` by an invalidation during the load, read from a \
     server that was `behind`, with too many `tags`, or because their `loader` said so.",
);
const NOT_MODIFIED: Metric = Metric::counter(
    "forebay_cache_not_modified_total",
    &["cache"],
    "Loads that kept the old value, because its source said that it is still right.",
);
const EVICTIONS: Metric =
    Metric::counter("forebay_cache_evictions_total", &["cache"], "Entries that left memory to make room.");
const SWEPT: Metric = Metric::counter(
    "forebay_cache_swept_total",
    &["cache"],
    "Entries a sweep dropped from memory because they could never be served again.",
);
const INVALIDATIONS: Metric = Metric::counter(
    "forebay_cache_invalidations_total",
    &["cache"],
    "Invalidations asked for through this cache.",
);

/// The handles of one cache.
#[derive(Debug)]
pub(crate) struct Meters {
    pub(crate) hits: Counter,
    pub(crate) stale_refresh: Counter,
    pub(crate) stale_fallback: Counter,
    pub(crate) misses: Counter,
    pub(crate) remote_hits: Counter,
    pub(crate) distrusted: Counter,
    pub(crate) unreadable: Counter,
    pub(crate) unfilled: Counter,
    pub(crate) loads: Counter,
    pub(crate) load_failures: Counter,
    pub(crate) load_seconds: Histogram,
    pub(crate) coalesced: Counter,
    pub(crate) fenced: Counter,
    pub(crate) behind: Counter,
    pub(crate) overtagged: Counter,
    pub(crate) unwanted: Counter,
    pub(crate) not_modified: Counter,
    pub(crate) evictions: Counter,
    pub(crate) swept: Counter,
    pub(crate) invalidations: Counter,
}

impl Meters {
    pub(crate) fn new(meter: &Meter, cache: &str) -> Self {
        meter.describe(&CACHE);
        Self {
            hits: meter.counter(&HITS, &[cache]),
            stale_refresh: meter.counter(&STALE, &[cache, "refresh"]),
            stale_fallback: meter.counter(&STALE, &[cache, "fallback"]),
            misses: meter.counter(&MISSES, &[cache]),
            remote_hits: meter.counter(&REMOTE, &[cache, "hit"]),
            distrusted: meter.counter(&REMOTE, &[cache, "distrusted"]),
            unreadable: meter.counter(&REMOTE, &[cache, "unreadable"]),
            unfilled: meter.counter(&REMOTE, &[cache, "unfilled"]),
            loads: meter.counter(&LOADS, &[cache]),
            load_failures: meter.counter(&LOAD_FAILURES, &[cache]),
            load_seconds: meter.histogram(&LOAD_SECONDS, &[cache]),
            coalesced: meter.counter(&COALESCED, &[cache]),
            fenced: meter.counter(&UNSTORED, &[cache, "fenced"]),
            behind: meter.counter(&UNSTORED, &[cache, "behind"]),
            overtagged: meter.counter(&UNSTORED, &[cache, "tags"]),
            unwanted: meter.counter(&UNSTORED, &[cache, "loader"]),
            not_modified: meter.counter(&NOT_MODIFIED, &[cache]),
            evictions: meter.counter(&EVICTIONS, &[cache]),
            swept: meter.counter(&SWEPT, &[cache]),
            invalidations: meter.counter(&INVALIDATIONS, &[cache]),
        }
    }
}
