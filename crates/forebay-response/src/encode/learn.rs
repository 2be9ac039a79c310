use crate::{Coding, Error, config::check};
use http::HeaderValue;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use xxhash_rust::xxh3::xxh3_64;

/// What is remembered of what encoding was worth, where
/// [`ResponseConfig::min_bytes`](crate::ResponseConfig::min_bytes) is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearnConfig {
    /// How many kinds of responses are remembered: by route, content type and coding. Default: 4096, some hundred
    /// bytes each.
    pub kinds_max: u32,
    /// How long a kind that was not worth it is left alone until one of it is tried again. Default: 60 s.
    #[serde(with = "humantime_serde")]
    pub retry_after: Duration,
}

impl Default for LearnConfig {
    fn default() -> Self {
        Self { kinds_max: 4096, retry_after: Duration::from_mins(1) }
    }
}

impl LearnConfig {
    pub(crate) fn check(self) -> Result<(), Error> {
        check("learn.kinds_max", "1 to 1000000", self.kinds_max.into(), 1, 1_000_000)
    }
}

/// From here on a body is encoded before anything is known of its kind.
pub(crate) const START_BYTES: u64 = 1024;
/// Shorter bodies are never tried: head and body fit into one packet anyway.
const SHORTEST_BYTES: u64 = 256;
/// A saving below this, or below a twentieth of the body, is not worth it.
const SAVING_BYTES_MIN: f64 = 64.0;
const SAVING_SHARE_MIN: f64 = 0.05;
/// So many bodies are encoded before their average counts.
const SAMPLES: u32 = 4;
/// Of the short bodies of a kind, one in so many is tried until its average counts.
const TRY_ONE_IN: u32 = 32;
/// The weight of the latest body in an average.
const WEIGHT: f64 = 0.25;

/// Moving averages of what encoding saved and cost, within a bound.
#[derive(Debug)]
pub(crate) struct Learned {
    kinds: Cache<u64, Arc<Kind>>,
    retry_after: Duration,
}

#[derive(Debug, Default)]
struct Kind(Mutex<Averages>);

#[derive(Debug, Default)]
struct Averages {
    samples: u32,
    body_bytes: f64,
    saved_bytes: f64,
    nanos_per_byte: f64,
    /// Short bodies seen while nothing was known.
    passed: u32,
    /// When one is tried again although the average says no.
    retry_at: Duration,
}

/// The name of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KindKey(u64);

impl KindKey {
    /// `route` is the one that was matched, or what [`route_of`] made of the path. Short bodies are kinds of their own: what long ones save says
    /// little of them.
    pub(crate) fn of(route: u64, content_type: Option<&HeaderValue>, coding: Coding, length: u64) -> Self {
        let content_type = content_type.map_or(0, |value| xxh3_64(value.as_bytes()));
        let class = length.clamp(1, START_BYTES).ilog2();
        let parts = [route, content_type, coding.index() as u64, class.into()];
        Self(parts.into_iter().fold(0, mix))
    }
}

fn mix(sum: u64, part: u64) -> u64 {
    (sum.rotate_left(23) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The route of a path without a router's help: its segments, where one with a digit or of more than 24 bytes counts
/// as a parameter.
pub(crate) fn route_of(path: &str) -> u64 {
    let segments = path.as_bytes().split(|&b| b == b'/');
    segments.fold(0, |sum, segment| {
        let is_parameter = segment.len() > 24 || segment.iter().any(u8::is_ascii_digit);
        mix(sum, if is_parameter { 1 } else { xxh3_64(segment) })
    })
}

impl Learned {
    pub(crate) fn new(config: LearnConfig) -> Self {
        let kinds = Cache::new(usize::try_from(config.kinds_max).unwrap_or(usize::MAX));
        Self { kinds, retry_after: config.retry_after }
    }

    /// Whether a body of this length is worth encoding. It may say yes to one that it does not believe in, to learn.
    pub(crate) fn is_worth(&self, key: KindKey, length: u64, now: Duration) -> bool {
        if length < SHORTEST_BYTES {
            return false;
        }
        let Some(kind) = self.kinds.get(&key.0) else {
            if length < START_BYTES {
                self.kinds.insert(key.0, Arc::default());
            }
            return length >= START_BYTES;
        };
        let mut known = kind.lock();
        if known.samples < SAMPLES {
            known.passed = known.passed.wrapping_add(1);
            return length >= START_BYTES || known.passed.is_multiple_of(TRY_ONE_IN);
        }
        if known.is_worth(length as f64) {
            return true;
        }
        let tried = now >= known.retry_at;
        if tried {
            known.retry_at = now + self.retry_after;
        }
        tried
    }

    /// Takes in what one body became.
    pub(crate) fn note(&self, key: KindKey, body: usize, sent: usize, took: Duration, now: Duration) {
        let kind = self.kinds.get(&key.0).unwrap_or_else(|| {
            let kind = Arc::<Kind>::default();
            self.kinds.insert(key.0, Arc::clone(&kind));
            kind
        });
        let (body, sent) = (body.max(1) as f64, sent as f64);
        let mut known = kind.lock();
        let weight = if known.samples == 0 { 1.0 } else { WEIGHT };
        let towards = |average: &mut f64, value: f64| *average += (value - *average) * weight;
        towards(&mut known.body_bytes, body);
        towards(&mut known.saved_bytes, (body - sent).max(0.0));
        towards(&mut known.nanos_per_byte, took.as_nanos() as f64 / body);
        known.samples = known.samples.saturating_add(1);
        if known.retry_at <= now && !known.is_worth(known.body_bytes) {
            known.retry_at = now + self.retry_after;
        }
    }

    /// What encoding a body of this length should take; nothing where its kind is new.
    pub(crate) fn expected(&self, key: KindKey, length: u64) -> Duration {
        let known = self.kinds.get(&key.0).map_or(0.0, |kind| kind.lock().nanos_per_byte);
        Duration::from_nanos((known * length as f64) as u64)
    }
}

impl Kind {
    fn lock(&self) -> MutexGuard<'_, Averages> {
        // Every state of the numbers is a valid one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Averages {
    fn is_worth(&self, length: f64) -> bool {
        let expected = self.saved_bytes / self.body_bytes * length;
        expected >= SAVING_BYTES_MIN.max(SAVING_SHARE_MIN * length)
    }
}
