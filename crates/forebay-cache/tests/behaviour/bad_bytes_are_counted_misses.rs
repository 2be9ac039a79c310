//! Whatever is wrong with what a tier holds, or with the codec: the caller gets its value, and a counter says what was wrong.

use async_trait::async_trait;
use bytes::Bytes;
use forebay_cache::{
    Cache, Codec, CodecError, Fill, Fingerprint, GuardedTier, Namespace, Outcome, Removal, Stored, Tier,
    TierConfig, TierError, envelope::Limits, testing::Shelf,
};
use forebay_metrics::{Meter, RecorderConfig, WindowRecorder};
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// What the tier does to the bytes it gives.
type Damage = Arc<dyn Fn(&mut Vec<u8>) + Send + Sync>;

struct Damaging(Arc<Shelf>, Damage);

impl std::fmt::Debug for Damaging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Damaging")
    }
}

#[async_trait]
impl Tier for Damaging {
    fn name(&self) -> &str {
        "damaging"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        let mut found = self.0.get(keys).await?;
        for stored in found.iter_mut().flatten() {
            let mut bytes = stored.value.to_vec();
            (self.1)(&mut bytes);
            stored.value = bytes.into();
        }
        Ok(found)
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        self.0.put(fills).await
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        self.0.remove(removals).await
    }
}

/// Encodes a number as text, and does with it what it is told.
#[derive(Debug, Default, Clone)]
struct Moody(Arc<AtomicU8>);

const FAILS: u8 = 1;
const PANICS: u8 = 2;

impl Moody {
    fn act(&self) -> Result<(), CodecError> {
        match self.0.load(Ordering::Relaxed) {
            FAILS => Err(CodecError::new("told to fail")),
            PANICS => panic!("told to panic"),
            _ => Ok(()),
        }
    }
}

impl Codec<u32> for Moody {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of("moody", 0)
    }

    fn encode(&self, value: &u32) -> Result<Bytes, CodecError> {
        self.act()?;
        Ok(value.to_string().into())
    }

    fn decode(&self, bytes: &Bytes) -> Result<u32, CodecError> {
        self.act()?;
        std::str::from_utf8(bytes).map_err(CodecError::new)?.parse().map_err(CodecError::new)
    }
}

struct Watched {
    numbers: Cache<u32, u32>,
    codec: Moody,
    recorder: Arc<WindowRecorder>,
}

impl Watched {
    /// Its memory holds one entry: what it holds of others is in the tier only.
    fn new(damage: impl Fn(&mut Vec<u8>) + Send + Sync + 'static, limits: Limits) -> Self {
        let recorder = Arc::new(WindowRecorder::new(RecorderConfig::default()).expect("valid settings"));
        let meter = Meter::shared(recorder.clone());
        let tier = Arc::new(Damaging(Shelf::new(), Arc::new(damage)));
        let tier =
            GuardedTier::new(tier, &TierConfig::default(), &Meter::disabled()).expect("valid settings");
        let space = Namespace::builder("shop").tier(tier).build().expect("valid settings");
        let codec = Moody::default();
        let numbers = Cache::builder("numbers")
            .namespace(&space)
            .meter(&meter)
            .codec(codec.clone())
            .limits(limits)
            .capacity(1)
            .build()
            .expect("valid settings");
        Self { numbers, codec, recorder }
    }

    fn count(&self, name: &str, why: &str) -> u64 {
        let labels = [("cache", "numbers"), ("why", why)];
        self.recorder.snapshot().counter(name, &labels).map_or(0, |counter| counter.total)
    }

    /// Stores a value, lets memory forget it, and loads again what the tier has made of it.
    async fn read_back(&self) -> u32 {
        self.numbers.entry(&7).insert_through(70).await;
        self.numbers.entry(&7).skip_memory().get_or_load(async || 71).await
    }
}

const UNREADABLE: &str = "forebay_cache_unreadable_total";
const UNSENT: &str = "forebay_cache_unsent_total";

#[tokio::test]
async fn undamaged_it_comes_back() {
    let watched = Watched::new(|_| (), Limits::default());
    assert_eq!(watched.read_back().await, 70);
}

#[tokio::test]
async fn each_kind_of_damage_has_its_counter() {
    type Case = (&'static str, fn(&mut Vec<u8>));
    let cases: [Case; 5] = [
        ("damaged", |bytes| *bytes.last_mut().expect("not empty") ^= 1),
        ("damaged", |bytes| bytes.truncate(40)),
        ("unknown", |bytes| bytes[2] = u8::MAX),
        ("unknown", |bytes| *bytes = b"written by somebody else".to_vec()),
        ("damaged", Vec::clear),
    ];
    for (why, damage) in cases {
        let watched = Watched::new(damage, Limits::default());
        assert_eq!(watched.read_back().await, 71, "{why}");
        assert_eq!(watched.count(UNREADABLE, why), 1, "{why}");
    }
}

#[tokio::test]
async fn a_codec_that_fails_or_panics_poisons_no_key() {
    for (mood, why) in [(FAILS, "codec"), (PANICS, "panic")] {
        let watched = Watched::new(|_| (), Limits::default());
        watched.numbers.entry(&7).insert_through(70).await;
        watched.codec.0.store(mood, Ordering::Relaxed);
        let read = watched.numbers.entry(&7).skip_memory().get_or_load(async || 71).await;
        assert_eq!((read, watched.count(UNREADABLE, why)), (71, 1));
        let written = watched.numbers.entry(&8).insert_through(80).await;
        assert!(!written.is_everywhere());
        assert!(watched.count(UNSENT, why) >= 1, "{why}");
        watched.codec.0.store(0, Ordering::Relaxed);
        assert!(watched.numbers.entry(&8).insert_through(81).await.is_everywhere(), "the key is usable");
        assert_eq!(watched.read_back().await, 70);
    }
}

#[tokio::test]
async fn what_is_too_large_stays_in_memory() {
    let watched = Watched::new(|_| (), Limits { item_bytes_max: 89, ..Limits::default() });
    watched.numbers.entry(&7).insert_through(70).await;
    assert_eq!(watched.count(UNSENT, "too_large"), 1);
    assert_eq!(watched.numbers.get(&7).await.as_deref(), Some(&70));
}
