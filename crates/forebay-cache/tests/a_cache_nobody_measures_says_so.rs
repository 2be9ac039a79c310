//! Measurements of a cache that is built before a recorder is installed go nowhere for good: `build` says so, once.

use forebay_cache::Cache;
use forebay_metrics::Meter;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// Counts warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicU64>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn warnings_of(meter: &Meter) -> u64 {
    let warnings = Warnings::default();
    tracing::subscriber::with_default(warnings.clone(), || {
        let _cache: Cache<u32, u32> = Cache::builder("rows").meter(meter).build().expect("valid settings");
    });
    warnings.0.load(Ordering::Relaxed)
}

#[test]
fn unless_that_is_on_purpose() {
    assert_eq!(warnings_of(&Meter::global()), 1);
    assert_eq!(warnings_of(&Meter::disabled()), 0);
}
