use crate::{namespace, tally::Tally, tiers, values, writes};
use forebay_metrics::{Meter, Metric};
use metrics::{Counter, Histogram};
use std::sync::Arc;

/// Everything this crate measures.
pub const METRICS: &[Metric] = &{
    const PARTS: [&[Metric]; 5] =
        [CACHE, &values::METRICS, &writes::METRICS, &tiers::METRICS, &namespace::METRICS];
    const LENGTH: usize = CACHE.len()
        + values::METRICS.len()
        + writes::METRICS.len()
        + tiers::METRICS.len()
        + namespace::METRICS.len();
    let mut all = [HITS; LENGTH];
    let (mut part, mut from, mut at) = (0, 0, 0);
    while at < all.len() {
        if at - from == PARTS[part].len() {
            from = at;
            part += 1;
        } else {
            all[at] = PARTS[part][at - from];
            at += 1;
        }
    }
    all
};

/// What is measured of each cache.
const CACHE: &[Metric] = &[
    HITS,
    STALE,
    MISSES,
    REMOTE,
    LOADS,
    LOAD_FAILURES,
    LOAD_SECONDS,
    COALESCED,
    LEASES,
    NOT_MODIFIED,
    EARLY,
    TIMED,
    SHED,
    RESTED,
    UNSTORED,
    EVICTIONS,
    SWEPT,
    INVALIDATIONS,
    OBSERVED,
    WAIT_SECONDS,
    FORM_BYTES,
];

const HITS: Metric =
    Metric::counter("forebay_cache_hits_total", &["cache"], "Look-ups answered by a fresh value in memory.");
const STALE: Metric = Metric::counter(
    "forebay_cache_stale_total",
    &["cache", "why"],
    "Look-ups answered by a stale value: `refresh` while it is reloaded, `fallback` because the reload failed, `slow` \
     because it took longer than the soft timeout.",
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
const LEASES: Metric = Metric::counter(
    "forebay_cache_leases_total",
    &["cache", "outcome"],
    "Loads of caches whose nodes agree on one: `granted` when this node loaded, `waited` when it found what another loaded, \
     `stale` when it served a stale value meanwhile, `failed` when the other could not, `gave_up` when it took too long.",
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
const EARLY: Metric = Metric::counter(
    "forebay_cache_early_refreshes_total",
    &["cache"],
    "Look-ups that asked for a value to be refreshed before its ttl ended.",
);
const TIMED: Metric = Metric::counter(
    "forebay_cache_timed_refreshes_total",
    &["cache"],
    "Times that a key which is kept fresh fell due.",
);
const SHED: Metric = Metric::counter(
    "forebay_cache_loads_shed_total",
    &["cache"],
    "Loads that did not get their turn, because too many ran.",
);
const RESTED: Metric = Metric::counter(
    "forebay_cache_backoff_total",
    &["cache", "outcome"],
    "Failing keys: `spared` for each look-up that was answered without a load because the last one had failed, \
     `unremembered` for each failure for which the table had no room.",
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

const OBSERVED: Metric = Metric::counter(
    "forebay_cache_observed_total",
    &["cache", "outcome"],
    "Look-ups of a cache that only observes: `miss` when memory would not have answered; a hit would have been `right`, \
     `wrong`, `overtaken` by an invalidation while the truth was loaded, or is `unjudged` because nothing could compare it \
     or the load failed.",
);
const WAIT_SECONDS: Metric = Metric::seconds(
    "forebay_cache_wait_seconds",
    &["cache"],
    "How long a look-up waited for another caller's load.",
);
const FORM_BYTES: Metric = Metric::counter(
    "forebay_cache_form_bytes_total",
    &["cache", "form"],
    "Bytes of values sent to remote tiers: `plain` as the codec wrote them, `packed` with their envelope after compression. \
     Their quotient is the compression ratio.",
);

/// The handles of one cache.
#[derive(Debug)]
pub(crate) struct Meters {
    pub(crate) hits: Counter,
    pub(crate) stale_refresh: Tally,
    pub(crate) stale_fallback: Tally,
    pub(crate) stale_slow: Tally,
    pub(crate) early: Tally,
    pub(crate) timed: Tally,
    pub(crate) shed: Tally,
    pub(crate) rested: Tally,
    pub(crate) unrested: Tally,
    pub(crate) misses: Tally,
    pub(crate) remote_hits: Tally,
    pub(crate) distrusted: Tally,
    pub(crate) unreadable: Tally,
    pub(crate) unfilled: Arc<Tally>,
    pub(crate) loads: Tally,
    pub(crate) load_failures: Tally,
    pub(crate) load_seconds: Histogram,
    pub(crate) coalesced: Tally,
    pub(crate) lease_granted: Counter,
    pub(crate) lease_waited: Counter,
    pub(crate) lease_stale: Counter,
    pub(crate) lease_failed: Counter,
    pub(crate) lease_gave_up: Counter,
    pub(crate) fenced: Tally,
    pub(crate) behind: Tally,
    pub(crate) overtagged: Tally,
    pub(crate) unwanted: Tally,
    pub(crate) not_modified: Tally,
    pub(crate) evictions: Tally,
    pub(crate) swept: Tally,
    pub(crate) invalidations: Tally,
    pub(crate) observed: ObservedMeters,
    pub(crate) wait_seconds: Histogram,
    pub(crate) plain_bytes: Arc<Tally>,
    pub(crate) packed_bytes: Arc<Tally>,
}

/// How a cache that only observes would have done.
#[derive(Debug)]
pub(crate) struct ObservedMeters {
    pub(crate) miss: Tally,
    pub(crate) right: Tally,
    pub(crate) wrong: Tally,
    pub(crate) overtaken: Tally,
    pub(crate) unjudged: Tally,
}

impl Meters {
    pub(crate) fn new(meter: &Meter, cache: &str) -> Self {
        meter.describe(CACHE);
        let observed = |outcome| Tally::new(meter.counter(&OBSERVED, &[cache, outcome]));
        Self {
            hits: meter.counter(&HITS, &[cache]),
            stale_refresh: Tally::new(meter.counter(&STALE, &[cache, "refresh"])),
            stale_fallback: Tally::new(meter.counter(&STALE, &[cache, "fallback"])),
            stale_slow: Tally::new(meter.counter(&STALE, &[cache, "slow"])),
            early: Tally::new(meter.counter(&EARLY, &[cache])),
            timed: Tally::new(meter.counter(&TIMED, &[cache])),
            shed: Tally::new(meter.counter(&SHED, &[cache])),
            rested: Tally::new(meter.counter(&RESTED, &[cache, "spared"])),
            unrested: Tally::new(meter.counter(&RESTED, &[cache, "unremembered"])),
            misses: Tally::new(meter.counter(&MISSES, &[cache])),
            remote_hits: Tally::new(meter.counter(&REMOTE, &[cache, "hit"])),
            distrusted: Tally::new(meter.counter(&REMOTE, &[cache, "distrusted"])),
            unreadable: Tally::new(meter.counter(&REMOTE, &[cache, "unreadable"])),
            unfilled: Arc::new(Tally::new(meter.counter(&REMOTE, &[cache, "unfilled"]))),
            loads: Tally::new(meter.counter(&LOADS, &[cache])),
            load_failures: Tally::new(meter.counter(&LOAD_FAILURES, &[cache])),
            load_seconds: meter.histogram(&LOAD_SECONDS, &[cache]),
            coalesced: Tally::new(meter.counter(&COALESCED, &[cache])),
            lease_granted: meter.counter(&LEASES, &[cache, "granted"]),
            lease_waited: meter.counter(&LEASES, &[cache, "waited"]),
            lease_stale: meter.counter(&LEASES, &[cache, "stale"]),
            lease_failed: meter.counter(&LEASES, &[cache, "failed"]),
            lease_gave_up: meter.counter(&LEASES, &[cache, "gave_up"]),
            fenced: Tally::new(meter.counter(&UNSTORED, &[cache, "fenced"])),
            behind: Tally::new(meter.counter(&UNSTORED, &[cache, "behind"])),
            overtagged: Tally::new(meter.counter(&UNSTORED, &[cache, "tags"])),
            unwanted: Tally::new(meter.counter(&UNSTORED, &[cache, "loader"])),
            not_modified: Tally::new(meter.counter(&NOT_MODIFIED, &[cache])),
            evictions: Tally::new(meter.counter(&EVICTIONS, &[cache])),
            swept: Tally::new(meter.counter(&SWEPT, &[cache])),
            invalidations: Tally::new(meter.counter(&INVALIDATIONS, &[cache])),
            observed: ObservedMeters {
                miss: observed("miss"),
                right: observed("right"),
                wrong: observed("wrong"),
                overtaken: observed("overtaken"),
                unjudged: observed("unjudged"),
            },
            wait_seconds: meter.histogram(&WAIT_SECONDS, &[cache]),
            plain_bytes: Arc::new(Tally::new(meter.counter(&FORM_BYTES, &[cache, "plain"]))),
            packed_bytes: Arc::new(Tally::new(meter.counter(&FORM_BYTES, &[cache, "packed"]))),
        }
    }
}
