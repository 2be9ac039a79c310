//! Entries go to the remote tiers in batches, behind their callers; what fails is tried again within bounds, and nothing is
//! left behind by a shutdown that has the time.

use async_trait::async_trait;
use bytes::Bytes;
use forebay_cache::{
    Cache, CacheBuilder, Clock, Fill, GuardedTier, Namespace, Outcome, Removal, Stored, Tier, TierConfig,
    TierError, WritesConfig,
    testing::{Cluster, Shelf, Step},
};
use forebay_metrics::{Meter, RecorderConfig, WindowRecorder};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// A shelf that remembers the sizes of the batches it was given, and takes none that holds a certain key.
#[derive(Debug)]
struct Picky {
    shelf: Arc<Shelf>,
    batches: Mutex<Vec<usize>>,
    poison: Option<[u8; 4]>,
}

impl Picky {
    fn new(poison: Option<u32>) -> Arc<Self> {
        let poison = poison.map(u32::to_be_bytes);
        Arc::new(Self { shelf: Shelf::new(), batches: Mutex::default(), poison })
    }

    fn batches(&self) -> Vec<usize> {
        self.batches.lock().expect("nobody panics while holding it").clone()
    }

    fn holds(&self, key: u32) -> bool {
        self.shelf.has_entry(&key.to_be_bytes())
    }
}

#[async_trait]
impl Tier for Picky {
    fn name(&self) -> &str {
        "picky"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        self.shelf.get(keys).await
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        self.batches.lock().expect("nobody panics while holding it").push(fills.len());
        if fills.iter().any(|fill| self.poison.is_some_and(|key| fill.key.ends_with(&key))) {
            return Err(TierError { tier: "picky", step: "put", source: "poison".into() });
        }
        self.shelf.put(fills).await
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        self.shelf.remove(removals).await
    }
}

struct Watched {
    numbers: Cache<u32, u32>,
    space: Namespace,
    recorder: Arc<WindowRecorder>,
}

impl Watched {
    fn new(
        tier: Arc<dyn Tier>,
        settings: impl FnOnce(CacheBuilder<u32, u32>) -> CacheBuilder<u32, u32>,
    ) -> Self {
        let recorder = Arc::new(WindowRecorder::new(RecorderConfig::default()).expect("valid settings"));
        let meter = Meter::shared(recorder.clone());
        let tier = GuardedTier::new(tier, &TierConfig::default(), &meter).expect("valid settings");
        let space = Namespace::builder("shop").tier(tier).meter(&meter).build().expect("valid settings");
        let builder = Cache::builder("numbers").namespace(&space).meter(&meter).shared();
        let numbers = settings(builder).build().expect("valid settings");
        Self { numbers, space, recorder }
    }

    fn count(&self, outcome: &str) -> u64 {
        let labels = [("cache", "numbers"), ("outcome", outcome)];
        let snapshot = self.recorder.snapshot();
        snapshot.counter("forebay_cache_writes_total", &labels).map_or(0, |counter| counter.total)
    }
}

fn quick() -> WritesConfig {
    WritesConfig { retry_delay_min: Duration::from_millis(1), ..WritesConfig::default() }
}

#[tokio::test]
async fn many_entries_go_in_few_batches() {
    let tier = Picky::new(None);
    let config = WritesConfig { batches_max: 1, batch_max: 64, ..WritesConfig::default() };
    let watched = Watched::new(tier.clone(), |builder| builder.writes(config));
    for key in 0..100 {
        watched.numbers.insert(&key, 1).await;
    }
    watched.numbers.shutdown().await;
    assert_eq!(tier.batches(), [64, 36]);
    assert_eq!(watched.count("done"), 100);
}

#[tokio::test]
async fn the_newest_entry_of_a_key_is_the_one_that_is_written() {
    let cluster = Cluster::start("shop", 2).await;
    let nodes: Vec<Cache<u32, u32>> = cluster
        .each(|space| Cache::builder("numbers").namespace(space).shared().build().expect("valid settings"));
    nodes[0].insert(&1, 1).await;
    nodes[0].insert(&1, 2).await;
    nodes[0].shutdown().await;
    assert_eq!(nodes[1].get(&1).await.as_deref(), Some(&2));
    assert_eq!(cluster.shelf().faults().calls(Step::Put), 1, "the older one is not sent at all");
}

#[tokio::test]
async fn what_keeps_failing_is_parked_and_spares_the_others() {
    let tier = Picky::new(Some(7));
    let watched = Watched::new(tier.clone(), |builder| builder.writes(quick()));
    for key in 0..20 {
        watched.numbers.insert(&key, 1).await;
    }
    forebay_tests::eventually("it is parked", async || watched.count("parked") == 1).await;
    forebay_tests::eventually("the others are stored", async || watched.count("done") == 19).await;
    assert!((0..20).all(|key| tier.holds(key) == (key != 7)));
    let before = tier.batches().len();
    watched.numbers.insert(&7, 2).await;
    assert_eq!(watched.count("parked"), 2, "left alone for a while");
    assert_eq!(tier.batches().len(), before);
    assert_eq!(watched.numbers.get(&7).await.as_deref(), Some(&2), "memory has it");
}

#[tokio::test]
async fn what_failed_once_is_written_later() {
    let tier = Picky::new(None);
    let watched = Watched::new(tier.clone(), |builder| builder.writes(quick()));
    tier.shelf.faults().fail_next(1);
    let written = watched.numbers.entry(&1).insert_through(1).await;
    assert_eq!((written.tiers, written.stored, written.is_everywhere()), (1, 0, false));
    forebay_tests::eventually("it is stored", async || tier.holds(1)).await;
    assert_eq!(watched.count("retried"), 1);
}

#[tokio::test]
async fn a_writer_may_wait_until_the_tiers_have_it() {
    let tier = Picky::new(None);
    let watched = Watched::new(tier.clone(), |builder| builder);
    let written = watched.numbers.entry(&1).insert_through(1).await;
    assert!(tier.holds(1), "when it returns");
    assert_eq!((written.tiers, written.stored, written.is_everywhere()), (1, 1, true));
    let alone: Cache<u32, u32> = Cache::builder("alone").build().expect("valid settings");
    assert!(alone.entry(&1).insert_through(1).await.is_everywhere(), "there is no other place");
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let tier = Picky::new(None);
    let config = WritesConfig { queued_max: 10, ..WritesConfig::default() };
    let watched = Watched::new(tier.clone(), |builder| builder.writes(config));
    for key in 0..15 {
        watched.numbers.insert(&key, 1).await;
    }
    assert_eq!(watched.count("overflow"), 5);
    watched.numbers.shutdown().await;
    assert_eq!(watched.count("done"), 10);
}

#[tokio::test]
async fn what_is_written_through_does_not_fill_the_queue_past_its_bound() {
    let tier = Picky::new(None);
    let delay = Duration::from_secs(60);
    let config = WritesConfig {
        queued_max: 10,
        retry_delay_min: delay,
        retry_delay_max: delay,
        ..WritesConfig::default()
    };
    let watched = Watched::new(tier.clone(), |builder| builder.writes(config));
    tier.shelf.faults().fail([Step::Put]);
    for key in 0..25 {
        assert_eq!(watched.numbers.entry(&key).insert_through(1).await.stored, 0);
    }
    assert_eq!(watched.count("overflow"), 15);
    tier.shelf.faults().heal();
    assert_eq!(watched.numbers.entry(&99).insert_through(1).await.tiers, 1, "it is asked once all the same");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_drains_as_long_as_it_may() {
    let tier = Picky::new(None);
    let config = WritesConfig { drain_max: Duration::from_millis(20), ..WritesConfig::default() };
    let watched = Watched::new(tier.clone(), |builder| builder.writes(config));
    tier.shelf.faults().black_hole([Step::Put]);
    for key in 0..5 {
        watched.numbers.insert(&key, 1).await;
    }
    let began = tokio::time::Instant::now();
    watched.space.shutdown().await;
    assert!(began.elapsed() < Duration::from_millis(40), "{:?}", began.elapsed());
    assert_eq!(watched.count("abandoned"), 5);
    watched.numbers.insert(&9, 1).await;
    assert_eq!(watched.count("abandoned"), 6, "nothing is taken in any more");
}

#[tokio::test(start_paused = true)]
async fn a_late_entry_is_not_written() {
    let tier = Picky::new(None);
    let watched =
        Watched::new(tier.clone(), |builder| builder.ttl(Duration::from_secs(1)).clock(Clock::tokio()));
    tier.shelf.faults().fail_next(1);
    watched.numbers.insert(&1, 1).await;
    forebay_tests::eventually("it failed", async || watched.count("retried") == 1).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    forebay_tests::eventually("it is given up", async || watched.count("expired") == 1).await;
    assert!(!tier.holds(1));
}
