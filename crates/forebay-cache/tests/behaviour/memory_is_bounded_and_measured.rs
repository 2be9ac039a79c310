//! Memory holds no more than it was given, and what happens in it is counted under the cache's name.

use forebay_cache::{Cache, Clock};
use forebay_metrics::{Meter, RecorderConfig, WindowRecorder};
use std::{sync::Arc, time::Duration};

#[tokio::test]
async fn by_entries_and_by_weight() {
    let few: Cache<u32, u32> = Cache::builder("few").capacity(100).build().expect("valid settings");
    let heavy: Cache<u32, Vec<u8>> = Cache::builder("heavy")
        .capacity_by_weight(10_000, 100, |_, value: &Vec<u8>| value.len() as u64)
        .build()
        .expect("valid settings");
    for key in 0..1_000 {
        few.insert(&key, key).await;
        heavy.insert(&key, vec![0; 100]).await;
    }
    assert!((1..=110).contains(&few.len()), "{}", few.len());
    assert!((1..=10_000).contains(&heavy.weight()), "{}", heavy.weight());
    heavy.insert(&1, vec![0; 100_000]).await;
    assert!(heavy.peek(&1).is_none(), "heavier than there is room for");
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_served_again_is_swept() {
    let cache: Cache<u32, u32> = Cache::builder("numbers")
        .ttl(Duration::from_secs(1))
        .clock(Clock::tokio())
        .build()
        .expect("valid settings");
    cache.insert(&1, 1).await;
    cache.entry(&2).ttl(Duration::from_secs(10)).insert(2).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    cache.sweep();
    assert_eq!(cache.len(), 1);
    assert_eq!(cache.peek(&2).as_deref(), Some(&2));
}

#[tokio::test]
async fn counted_under_its_name() {
    let recorder = Arc::new(WindowRecorder::new(RecorderConfig::default()).expect("valid settings"));
    let cache: Cache<u32, u32> =
        Cache::builder("numbers").meter(&Meter::shared(recorder.clone())).build().expect("valid settings");
    for _ in 0..3 {
        cache.get_or_load(&1, async || 1).await;
    }
    cache.invalidate(&1).await;
    assert_eq!(cache.get(&1).await, None);
    let count = |name: &str| {
        recorder.snapshot().counter(name, &[("cache", "numbers")]).map_or(0, |counter| counter.total)
    };
    assert_eq!(count("forebay_cache_hits_total"), 2);
    assert_eq!(count("forebay_cache_misses_total"), 2);
    assert_eq!(count("forebay_cache_loads_total"), 1);
    assert_eq!(count("forebay_cache_invalidations_total"), 1);
}
