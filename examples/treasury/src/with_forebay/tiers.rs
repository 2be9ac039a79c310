use super::caches::ANSWERS_CACHE;
use crate::stats::Lookups;
use forebay::metrics::Snapshot;
use std::collections::BTreeMap;

/// Look-ups per tier so far, from what the data path measures.
pub(super) fn look_ups(seen: &Snapshot) -> BTreeMap<String, Lookups> {
    let (mut answers, mut parts) = (Lookups::default(), Lookups::default());
    let mut in_redis = 0;
    for counter in &seen.counters {
        let label = |name: &str| counter.labels.get(name).map(String::as_str);
        let tier = if label("cache") == Some(ANSWERS_CACHE) { &mut answers } else { &mut parts };
        match counter.name.as_str() {
            "forebay_cache_hits_total" => tier.hits += counter.total,
            "forebay_cache_misses_total" => tier.misses += counter.total,
            "forebay_cache_remote_total" if label("outcome") == Some("hit") => in_redis += counter.total,
            _ => (),
        }
    }
    // Whatever memory does not have, Redis is asked for.
    let redis = Lookups { hits: in_redis, misses: parts.misses.saturating_sub(in_redis) };
    BTreeMap::from([
        ("memory, whole answers".to_owned(), answers),
        ("memory, parts of answers".to_owned(), parts),
        ("redis, parts of answers".to_owned(), redis),
    ])
}
