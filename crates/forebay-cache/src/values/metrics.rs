use crate::envelope::{Reject, Skip};
use forebay_metrics::{Meter, Metric};
use metrics::Counter;

/// What is measured of the values of each cache.
pub(crate) const METRICS: [Metric; 2] = [UNREADABLE, UNSENT];

const UNREADABLE: Metric = Metric::counter(
    "forebay_cache_unreadable_total",
    &["cache", "why"],
    "Entries of remote tiers that were misses because of their bytes: `unknown` form or version, `damaged`, another \
     `schema`, `too_large`, a `compression` this build lacks, an encryption key it lacks (`no_key`), `forged` or under \
     another key, `not_encrypted`, refused by the codec (`codec`), or the codec panicked (`panic`).",
);
const UNSENT: Metric = Metric::counter(
    "forebay_cache_unsent_total",
    &["cache", "why"],
    "Entries that stayed in memory only: `too_large`, with too many `tags`, not to be encrypted for want of randomness \
     (`not_encrypted`), refused by the codec (`codec`), or the codec panicked (`panic`).",
);
/// Why an entry of a remote tier could not be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unreadable {
    Rejected(Reject),
    Codec,
    Panic,
}

/// Why an entry is not sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unsent {
    Skipped(Skip),
    Codec,
    Panic,
}

impl Unreadable {
    pub(super) const KINDS: [&str; 10] = [
        "unknown",
        "damaged",
        "schema",
        "too_large",
        "compression",
        "no_key",
        "forged",
        "not_encrypted",
        "codec",
        "panic",
    ];

    pub(super) const fn kind(self) -> usize {
        match self {
            Self::Rejected(Reject::Unknown) => 0,
            Self::Rejected(Reject::Damaged) => 1,
            Self::Rejected(Reject::OtherSchema) => 2,
            Self::Rejected(Reject::TooLarge) => 3,
            Self::Rejected(Reject::OtherCompression) => 4,
            Self::Rejected(Reject::NoKey) => 5,
            Self::Rejected(Reject::Forged) => 6,
            Self::Rejected(Reject::NotEncrypted) => 7,
            Self::Codec => 8,
            Self::Panic => 9,
        }
    }
}

impl Unsent {
    pub(super) const KINDS: [&str; 5] = ["too_large", "tags", "not_encrypted", "codec", "panic"];

    pub(super) const fn kind(self) -> usize {
        match self {
            Self::Skipped(Skip::TooLarge) => 0,
            Self::Skipped(Skip::TooManyTags) => 1,
            Self::Skipped(Skip::NotEncrypted) => 2,
            Self::Codec => 3,
            Self::Panic => 4,
        }
    }
}

/// The handles of one cache.
#[derive(Debug)]
pub(super) struct WireMeters {
    pub(super) unreadable: [Counter; Unreadable::KINDS.len()],
    pub(super) unsent: [Counter; Unsent::KINDS.len()],
}

impl WireMeters {
    pub(super) fn new(meter: &Meter, cache: &str) -> Self {
        meter.describe(&METRICS);
        Self {
            unreadable: Unreadable::KINDS.map(|why| meter.counter(&UNREADABLE, &[cache, why])),
            unsent: Unsent::KINDS.map(|why| meter.counter(&UNSENT, &[cache, why])),
        }
    }
}
