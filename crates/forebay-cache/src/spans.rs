//! What is traced: loads, refreshes, calls of remote tiers, invalidations. At level debug, and without keys, which may be
//! personal data and are many.

use tracing::{Instrument as _, Span, debug_span, field::Empty};

/// A loader of `cache` runs: `kind` is `load` for a caller's, `batch` for one of several keys, `alone` when nobody shares the
/// outcome, `refresh` for the cache's own.
pub(crate) fn load(cache: &str, kind: &'static str) -> Span {
    debug_span!("forebay_cache.load", cache, kind, outcome = Empty)
}

/// A remote tier is asked or told.
pub(crate) fn tier(tier: &str, step: &'static str) -> Span {
    debug_span!("forebay_cache.tier", tier, step, outcome = Empty)
}

/// Invalidations are issued.
pub(crate) fn invalidate(namespace: &str) -> Span {
    debug_span!("forebay_cache.invalidate", namespace, outcome = Empty)
}

/// Runs `work` in `span`, whose `outcome` is told from what it gives.
pub(crate) async fn within<F: Future>(
    span: Span,
    work: F,
    outcome: impl FnOnce(&F::Output) -> &'static str,
) -> F::Output {
    let output = work.instrument(span.clone()).await;
    // What tells the outcome may copy a value: only for one who listens.
    if !span.is_disabled() {
        span.record("outcome", outcome(&output));
    }
    output
}
