//! A value that is asked for near the end of its ttl is refreshed early, the more probably the longer its load takes.

use crate::support::settle;
use forebay_cache::{
    Cache, CacheBuilder, CacheError, Clock, LoaderError, Namespace,
    testing::{Hub, Shelf},
};
use forebay_metrics::Meter;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{advance, sleep},
};

const TTL: Duration = Duration::from_secs(100);
const LOAD: Duration = Duration::from_secs(2);
const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Default)]
struct Source {
    loads: Arc<AtomicU32>,
    gate: Option<Arc<Semaphore>>,
}

impl Source {
    fn builder(&self, eagerness: f64) -> CacheBuilder<u32, u32> {
        let source = self.clone();
        Cache::builder("numbers").ttl(TTL).early_refresh(eagerness).clock(Clock::tokio()).loader(move |_| {
            let source = source.clone();
            async move {
                let number = source.loads.fetch_add(1, Ordering::Relaxed) + 1;
                if let Some(gate) = &source.gate {
                    gate.acquire().await?.forget();
                }
                Ok::<_, LoaderError>(Some(Arc::new(number)))
            }
        })
    }

    fn loads(&self) -> u32 {
        self.loads.load(Ordering::Relaxed)
    }
}

/// Loads `100`, which takes `LOAD`.
async fn fill(cache: &Cache<u32, u32>) {
    let load = async || {
        sleep(LOAD).await;
        100
    };
    assert_eq!(cache.get_or_load(&1, load).await, 100);
}

async fn ask(cache: &Cache<u32, u32>) -> u32 {
    cache.get_or_load(&1, async || 999).await
}

#[tokio::test(start_paused = true)]
async fn and_nobody_waits_for_it() {
    let source = Source::default();
    let cache = source.builder(1.0).build().expect("valid settings");
    fill(&cache).await;
    advance(TTL - 50 * LOAD / 2).await;
    for _ in 0..100 {
        assert_eq!(ask(&cache).await, 100);
    }
    settle().await;
    assert_eq!(source.loads(), 0, "it is too early by far");
    // All but the last millisecond: each look-up draws it with near certainty.
    advance(25 * LOAD - Duration::from_millis(1)).await;
    assert_eq!(ask(&cache).await, 100, "it is still fresh");
    settle().await;
    assert_eq!(source.loads(), 1);
    assert_eq!(ask(&cache).await, 1);
}

#[tokio::test(start_paused = true)]
async fn the_more_probably_the_nearer_the_end() {
    // The share of look-ups that draw a refresh, at so much time left.
    let share = async |left: Duration| {
        let mut drawn = 0;
        for _ in 0..300 {
            let source = Source::default();
            let cache = source.builder(1.0).build().expect("valid settings");
            fill(&cache).await;
            advance(TTL - left).await;
            ask(&cache).await;
            settle().await;
            drawn += source.loads();
        }
        f64::from(drawn) / 300.0
    };
    // XFetch draws with the probability exp(-left / load).
    let (near, far) = (share(LOAD / 4).await, share(2 * LOAD).await);
    assert!((near - 0.779).abs() < 0.12, "{near}");
    assert!((far - 0.135).abs() < 0.1, "{far}");
}

#[tokio::test(start_paused = true)]
async fn not_unless_asked_to_nor_what_took_no_time_to_load() {
    let source = Source::default();
    let plain = source.builder(0.0).build().expect("valid settings");
    fill(&plain).await;
    let eager = source.builder(1.0).build().expect("valid settings");
    eager.insert(&1, 100).await;
    advance(TTL - Duration::from_millis(1)).await;
    assert_eq!((ask(&plain).await, ask(&eager).await), (100, 100));
    settle().await;
    assert_eq!(source.loads(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_is_fenced() {
    let source = Source { gate: Some(Arc::new(Semaphore::new(0))), ..Source::default() };
    let cache = source.builder(1e6).build().expect("valid settings");
    fill(&cache).await;
    advance(SECOND).await;
    assert_eq!(ask(&cache).await, 100);
    settle().await;
    assert_eq!(source.loads(), 1, "so eager that the first look-up draws it");
    cache.invalidate(&1).await;
    source.gate.as_ref().expect("gated").add_permits(1);
    settle().await;
    assert!(cache.peek(&1).is_none(), "it began before the invalidation");
}

#[tokio::test(start_paused = true)]
async fn another_nodes_refresh_will_do_and_the_same_entry_will_not() {
    let (hub, shelf) = (Hub::by_hand(), Shelf::new());
    let source = Source::default();
    let mut members = Vec::new();
    for _ in 0..2 {
        let space =
            Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled()).tier(shelf.guarded());
        let space = space.build().expect("valid settings");
        space.ready().await;
        members.push(
            source
                .builder(1000.0)
                .ttl(10 * SECOND)
                .namespace(&space)
                .shared()
                .build()
                .expect("valid settings"),
        );
    }
    // Long enough for an entry to reach the tier.
    let written = || sleep(SECOND);
    fill(&members[0]).await;
    written().await;
    assert_eq!(ask(&members[1]).await, 100, "from the remote tier, with the time its load took");
    advance(5 * SECOND).await;
    ask(&members[0]).await;
    settle().await;
    assert_eq!(source.loads(), 1, "the entry in the remote tier is the old one");
    written().await;
    ask(&members[1]).await;
    settle().await;
    assert_eq!(ask(&members[1]).await, 1);
    assert_eq!(source.loads(), 1, "the other node found the new one");
}

#[test]
fn it_needs_a_loader() {
    let builder = || Cache::<u32, u32>::builder("numbers").ttl(SECOND);
    for builder in
        [builder().early_refresh(1.0), Source::default().builder(f64::NAN), Source::default().builder(-1.0)]
    {
        let CacheError::Setting { setting, .. } = builder.build().expect_err("refused") else {
            panic!("another")
        };
        assert_eq!(setting, "early_refresh");
    }
}
