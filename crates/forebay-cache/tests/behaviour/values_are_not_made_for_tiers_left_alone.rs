//! While a tier's circuit breaker is open nothing is encoded for it, and nothing is queued but what would otherwise be older
//! there than callers were told.

use bytes::Bytes;
use forebay_cache::{
    Cache, Codec, CodecError, Fingerprint, GuardedTier, MessagePack, Namespace, TierConfig, WritesConfig,
    testing::{Shelf, Step},
};
use forebay_metrics::{Meter, RecorderConfig, WindowRecorder};
use forebay_tests::eventually;
use forebay_traffic::{BreakerConfig, State};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::advance;

/// Counts what it encodes.
#[derive(Debug, Default, Clone)]
struct Counting(Arc<AtomicU32>);

impl Codec<u32> for Counting {
    fn fingerprint(&self) -> Fingerprint {
        Codec::<u32>::fingerprint(&MessagePack::new())
    }

    fn encode(&self, value: &u32) -> Result<Bytes, CodecError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        MessagePack::new().encode(value)
    }

    fn decode(&self, bytes: &Bytes) -> Result<u32, CodecError> {
        MessagePack::new().decode(bytes)
    }
}

struct Watched {
    numbers: Cache<u32, u32>,
    tiers: Vec<(Arc<Shelf>, GuardedTier)>,
    encoded: Arc<AtomicU32>,
    recorder: Arc<WindowRecorder>,
}

impl Watched {
    /// A cache over so many tiers, whose breakers open at the first failure, for a second.
    fn over(tiers: usize) -> Self {
        let recorder = Arc::new(WindowRecorder::new(RecorderConfig::default()).expect("valid settings"));
        let meter = Meter::shared(recorder.clone());
        let breaker = BreakerConfig { consecutive_failures: 1, open_jitter: 0.0, ..BreakerConfig::default() };
        let config = TierConfig { breaker, ..TierConfig::default() };
        let shelf = |_| {
            let shelf = Shelf::new();
            let tier = GuardedTier::new(shelf.clone(), &config, &Meter::disabled()).expect("valid settings");
            (shelf, tier)
        };
        let tiers: Vec<_> = (0..tiers).map(shelf).collect();
        let space =
            tiers.iter().fold(Namespace::builder("shop"), |space, (_, tier)| space.tier(tier.clone()));
        let space = space.meter(&meter).build().expect("valid settings");
        let codec = Counting::default();
        let numbers = Cache::builder("numbers").namespace(&space).meter(&meter).codec(codec.clone());
        let numbers = numbers.writes(WritesConfig::default()).build().expect("valid settings");
        Self { numbers, tiers, encoded: codec.0, recorder }
    }

    async fn load(&self, key: u32) {
        assert_eq!(self.numbers.get_or_load(&key, async || key).await, key);
    }

    /// Nobody answers, which a first load finds out.
    async fn opened(&self, tier: usize) {
        let (shelf, guard) = &self.tiers[tier];
        shelf.faults().fail(Step::ALL);
        self.load(u32::MAX).await;
        eventually("the breaker is open", async || guard.state() == State::Open).await;
    }

    fn encoded(&self) -> u32 {
        self.encoded.load(Ordering::Relaxed)
    }

    fn written(&self, outcome: &str) -> u64 {
        let labels = [("cache", "numbers"), ("outcome", outcome)];
        let snapshot = self.recorder.snapshot();
        snapshot.counter("forebay_cache_writes_total", &labels).map_or(0, |counter| counter.total)
    }

    fn holds(&self, tier: usize, key: u32) -> bool {
        self.tiers[tier].0.has_entry(&key.to_be_bytes())
    }
}

#[tokio::test(start_paused = true)]
async fn loads_are_neither_encoded_nor_queued() {
    let watched = Watched::over(1);
    watched.opened(0).await;
    let (before, skipped) = (watched.encoded(), watched.written("skipped"));
    for key in 0..100 {
        watched.load(key).await;
    }
    assert_eq!(watched.encoded(), before);
    assert_eq!(watched.written("skipped"), skipped + 100);

    watched.tiers[0].0.faults().heal();
    advance(Duration::from_secs(1)).await;
    watched.load(100).await;
    eventually("it is written to again", async || watched.holds(0, 100)).await;
    assert!(!(0..100).any(|key| watched.holds(0, key)), "they were not queued");
    assert_eq!(watched.encoded(), before + 1);
    assert_eq!(watched.numbers.stats().remote_unfilled, watched.written("skipped"));
}

#[tokio::test(start_paused = true)]
async fn what_callers_put_waits_and_is_encoded_once() {
    let watched = Watched::over(1);
    watched.opened(0).await;
    let before = watched.encoded();
    watched.numbers.insert(&1, 1).await;
    assert_eq!(watched.numbers.entry(&2).insert_through(2).await.stored, 0);
    assert_eq!(watched.numbers.entry(&3).refresh(async || 3).await, 3);
    assert!(watched.numbers.touch(&3).await);
    advance(Duration::from_millis(900)).await;
    tokio::task::yield_now().await;
    assert_eq!(watched.encoded(), before, "it is still left alone");

    watched.tiers[0].0.faults().heal();
    eventually("they are written when it is not", async || (1..=3).all(|key| watched.holds(0, key))).await;
    assert_eq!(watched.encoded(), before + 3);
}

#[tokio::test(start_paused = true)]
async fn other_tiers_get_what_is_loaded() {
    let watched = Watched::over(2);
    watched.opened(0).await;
    watched.load(1).await;
    eventually("the tier that answers has it", async || watched.holds(1, 1)).await;
    let written = watched.numbers.entry(&2).insert_through(2).await;
    assert_eq!((written.tiers, written.stored), (2, 1));
    assert!(!watched.holds(0, 1) && watched.holds(1, 2));

    // Memory forgets: what the lower tier has is not made for the upper one again.
    let encoded = watched.encoded();
    assert_eq!(watched.numbers.entry(&1).skip_memory().get().await.as_deref(), Some(&1));
    tokio::task::yield_now().await;
    assert_eq!(watched.encoded(), encoded);
}
