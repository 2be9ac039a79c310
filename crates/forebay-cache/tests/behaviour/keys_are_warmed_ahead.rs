//! Keys are brought into memory before anyone asks, from tiers or the loader, and the hottest survive a restart.

use crate::support::eventually;
use forebay_cache::{
    Cache, CacheBuilder, KeyFile, KeyStore, LoaderError, Mode, Namespace,
    testing::{Hub, Shelf, Step},
};
use forebay_metrics::Meter;
use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

fn squares() -> (CacheBuilder<u64, u64>, Arc<AtomicU64>) {
    let loads = Arc::new(AtomicU64::new(0));
    let counted = loads.clone();
    let loader = move |n: u64| {
        counted.fetch_add(1, Relaxed);
        async move {
            match n {
                13 => Err(LoaderError::from("unlucky")),
                0 => Ok(None),
                n => Ok(Some(Arc::new(n * n))),
            }
        }
    };
    (Cache::builder("squares").loader(loader).meter(&Meter::disabled()), loads)
}

#[tokio::test(start_paused = true)]
async fn through_the_loader_at_a_rate() {
    let (builder, loads) = squares();
    let cache = builder.build().expect("valid settings");
    cache.insert(&1, 1_u64).await;
    let began = tokio::time::Instant::now();
    let mut seen = Vec::new();
    let warming = cache.warm(0..=13).keys_per_second(10).progress(|warmed| seen.push(*warmed));
    let warmed = warming.run().await;
    assert_eq!((warmed.keys, warmed.found, warmed.loaded, warmed.absent, warmed.failed), (14, 1, 11, 1, 1));
    assert_eq!((seen.len(), seen.last()), (14, Some(&warmed)));
    assert_eq!(loads.load(Relaxed), 13);
    assert_eq!(cache.peek(&12).as_deref(), Some(&144));
    assert!(
        began.elapsed() >= Duration::from_millis(1_300),
        "by tokio's paused clock: {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn from_the_tiers_in_batches() {
    let (hub, shelf) = (Hub::new(), Shelf::new());
    let space = async || {
        let space = Namespace::builder("shop").sequencer(hub.node()).meter(&Meter::disabled());
        let space = space.tier(shelf.guarded()).build().expect("valid settings");
        space.ready().await;
        space
    };
    let (builder, _) = squares();
    let a = builder.namespace(&space().await).shared().build().expect("valid settings");
    a.warm(1..=150).keys_per_second(1_000_000).run().await;
    eventually("the tier is filled", async || shelf.len() >= 149).await;

    let (builder, loads) = squares();
    let b = builder.namespace(&space().await).shared().build().expect("valid settings");
    let gets = shelf.faults().calls(Step::Get);
    let warmed = b.warm(1..=151).keys_per_second(1_000_000).tiers_only().run().await;
    assert_eq!(
        (warmed.found, warmed.absent, warmed.loaded),
        (149, 2, 0),
        "one failed before, one was never asked for"
    );
    assert_eq!(loads.load(Relaxed), 0);
    assert_eq!(shelf.faults().calls(Step::Get) - gets, 2, "a hundred keys in a batch");
    assert_eq!(b.peek(&150).as_deref(), Some(&22_500));
}

#[tokio::test]
async fn a_cache_that_is_off_is_not_filled() {
    let (builder, _) = squares();
    let cache = builder.mode(Mode::Off).build().expect("valid settings");
    cache.warm(1..=3).run().await;
    assert!(cache.is_empty());
}

#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<Option<Vec<u8>>>>);

impl KeyStore for Shared {
    fn save(&self, keys: &[u8]) -> io::Result<()> {
        *self.0.lock().expect("nobody panics while holding it") = Some(keys.to_vec());
        Ok(())
    }

    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().expect("nobody panics while holding it").clone())
    }
}

#[tokio::test(start_paused = true)]
async fn the_hottest_keys_outlive_the_process() {
    let store = Shared::default();
    let (builder, _) = squares();
    let cache = builder.hot_keys(store.clone(), 3).build().expect("valid settings");
    let nothing = cache.warm_saved().await.expect("a store that is empty is no error");
    assert_eq!(nothing.run().await.keys, 0);
    cache.warm(1..=50).keys_per_second(1_000_000).run().await;
    for _ in 0..4 {
        for hot in [7, 42, 23] {
            assert!(cache.peek(&hot).is_some());
        }
        tokio::time::sleep(Duration::from_secs(16)).await;
    }
    let mut hottest = cache.hottest(3);
    hottest.sort_unstable();
    assert_eq!(hottest, [7, 23, 42]);
    cache.shutdown().await;

    let (builder, loads) = squares();
    let next = builder.hot_keys(store.clone(), 3).build().expect("valid settings");
    let warmed = next.warm_saved().await.expect("they were kept").run().await;
    assert_eq!((warmed.loaded, loads.load(Relaxed)), (3, 3));
    assert!(next.peek(&42).is_some());

    let other: Cache<u64, u64> = Cache::builder("other").hot_keys(store, 3).build().expect("valid settings");
    assert!(other.warm_saved().await.is_err(), "the keys of another cache");
}

#[tokio::test]
async fn a_file_keeps_them() {
    let folder = std::env::temp_dir().join(format!("forebay-hot-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is room");
    let file = KeyFile::new(folder.join("squares"));
    let (builder, _) = squares();
    let cache = builder.hot_keys(file.clone(), 10).build().expect("valid settings");
    cache.insert(&7, 49_u64).await;
    assert_eq!(cache.save_hot_keys().await.expect("there is room"), 1);
    let (builder, _) = squares();
    let next = builder.hot_keys(file, 10).build().expect("valid settings");
    assert_eq!(next.warm_saved().await.expect("it was kept").run().await.loaded, 1);
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

#[tokio::test]
async fn at_any_rate() {
    let (builder, loads) = squares();
    let cache = builder.build().expect("valid settings");
    let warmed = cache.warm(1..=5).keys_per_second(u32::MAX).run().await;
    assert_eq!((warmed.loaded, loads.load(Relaxed)), (5, 5));
}
