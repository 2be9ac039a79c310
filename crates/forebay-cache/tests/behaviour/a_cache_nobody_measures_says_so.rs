//! Measurements of a cache that is built before a recorder is installed go nowhere for good: `build` says so, once.

use crate::support::warnings::Warnings;
use forebay_cache::Cache;
use forebay_metrics::Meter;

fn warnings_of(meter: &Meter) -> u64 {
    let warnings = Warnings::default();
    tracing::subscriber::with_default(warnings.clone(), || {
        let _cache: Cache<u32, u32> = Cache::builder("rows").meter(meter).build().expect("valid settings");
    });
    warnings.seen()
}

#[test]
fn unless_that_is_on_purpose() {
    assert_eq!(warnings_of(&Meter::global()), 1);
    assert_eq!(warnings_of(&Meter::disabled()), 0);
}
