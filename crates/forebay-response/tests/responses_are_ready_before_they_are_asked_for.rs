//! Responses computed ahead: at the start, after their tags changed, after they expired, at a bounded rate.

use forebay_cache::{Cache, Load, Loader, LoaderError, Meter, Tag};
use forebay_response::{Precompute, PrecomputeError, Prepared};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Makes a page of each number, and remembers when.
#[derive(Clone, Default)]
struct Pages {
    made: Arc<Mutex<Vec<(u64, Instant)>>>,
    fails: Arc<AtomicBool>,
}

impl Pages {
    fn made(&self) -> Vec<u64> {
        self.made.lock().expect("not poisoned").iter().map(|(id, _)| *id).collect()
    }

    fn times(&self) -> Vec<Instant> {
        self.made.lock().expect("not poisoned").iter().map(|(_, at)| *at).collect()
    }
}

#[async_trait::async_trait]
impl Loader<u64, Prepared> for Pages {
    async fn load(&self, id: &u64) -> Result<Option<Arc<Prepared>>, LoaderError> {
        self.made.lock().expect("not poisoned").push((*id, Instant::now()));
        if self.fails.load(Ordering::Relaxed) {
            return Err("no database".into());
        }
        Ok(Some(Arc::new(Prepared::json(format!("[{id}]")))))
    }

    async fn load_with(
        &self,
        id: &u64,
        load: &mut Load<Prepared>,
    ) -> Result<Option<Arc<Prepared>>, LoaderError> {
        load.tags([Tag::of("page", id)]);
        self.load(id).await
    }

    fn gives_tags(&self) -> bool {
        true
    }
}

fn cache(pages: &Pages) -> Cache<u64, Prepared> {
    Cache::builder("pages").ttl(Duration::from_secs(60)).loader(pages.clone()).build().expect("valid")
}

#[tokio::test(start_paused = true)]
async fn every_response_is_made_once_at_the_start_and_never_two_at_a_time() {
    let pages = Pages::default();
    let cache = cache(&pages);
    cache.insert(&3, Prepared::json("[0]")).await;
    let ahead = Precompute::new(&cache, [1, 2, 3, 2, 4]).per_second(10).start().expect("valid");
    ahead.ready().await;
    assert_eq!(pages.made(), [1, 2, 4], "3 was there, 2 is one key");
    assert!(cache.peek(&4).is_some());
    let times = pages.times();
    assert!(times.windows(2).all(|two| two[1] - two[0] >= Duration::from_millis(100)), "ten a second");
    ahead.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_invalidated_is_made_anew_without_being_asked_for() {
    let pages = Pages::default();
    let cache = cache(&pages);
    // So rarely that looking by itself has no part in it.
    let looks = Duration::from_secs(40);
    let ahead = Precompute::new(&cache, 1..=4).per_second(100).look_every(looks).start().expect("valid");
    ahead.ready().await;
    sleep(Duration::from_secs(1)).await;
    cache.invalidate_tag(&Tag::of("page", 3)).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(pages.made(), [1, 2, 3, 4, 3]);
    cache.invalidate(&1).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(pages.made(), [1, 2, 3, 4, 3, 1]);
    assert!((1..=4).all(|id| cache.peek(&id).is_some()));
}

#[tokio::test(start_paused = true)]
async fn what_expired_or_failed_is_made_at_the_next_look() {
    let pages = Pages::default();
    let clock = forebay_cache::testing::TestClock::new();
    let cache: Cache<u64, Prepared> = Cache::builder("pages")
        .ttl(Duration::from_secs(60))
        .clock(clock.clock())
        .loader(pages.clone())
        .build()
        .expect("valid");
    pages.fails.store(true, Ordering::Relaxed);
    let ahead = Precompute::new(&cache, [1]).start().expect("valid");
    ahead.ready().await;
    assert!(cache.peek(&1).is_none());
    pages.fails.store(false, Ordering::Relaxed);
    clock.advance(Duration::from_secs(30));
    sleep(Duration::from_secs(2)).await;
    assert!(cache.peek(&1).is_some());
    let made = pages.made().len();
    clock.advance(Duration::from_secs(61));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(pages.made().len(), made + 1, "expired");
    drop(ahead);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_handle() {
    let pages = Pages::default();
    let cache = cache(&pages);
    let ahead = Precompute::new(&cache, [1]).start().expect("valid");
    ahead.ready().await;
    drop(ahead);
    sleep(Duration::from_secs(1)).await;
    cache.invalidate(&1).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(pages.made(), [1]);
}

#[tokio::test]
async fn settings_are_checked() {
    let cache = cache(&Pages::default());
    let of = |keys: u64| Precompute::new(&cache, 0..keys);
    let refused = |result: Result<_, PrecomputeError>| result.map(drop).expect_err("refused");
    assert_eq!(refused(of(1).per_second(0).start()), PrecomputeError::Setting("per_second"));
    assert_eq!(refused(of(1).look_every(Duration::ZERO).start()), PrecomputeError::Setting("look_every"));
    let many = refused(of(3).keys_max(2).start());
    assert_eq!(many, PrecomputeError::TooManyKeys { keys: 3, max: 2 });
}

#[tokio::test(start_paused = true)]
async fn looking_for_what_is_missing_is_no_use_of_what_is_there() {
    let pages = Pages::default();
    let recorder = DebuggingRecorder::new();
    let counted = recorder.snapshotter();
    let meter = Meter::new(recorder);
    let cache = Cache::builder("pages").ttl(Duration::from_secs(60)).loader(pages.clone()).meter(&meter);
    let cache: Cache<u64, Prepared> = cache.build().expect("valid");
    let ahead = Precompute::new(&cache, [1, 2]).per_second(100).meter(&meter).start();
    let ahead = ahead.expect("valid settings");
    ahead.ready().await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(cache.get(&1).await.map(|page| page.body().clone()), Some("[1]".into()));
    let values: Vec<_> = counted
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, .., value)| {
            let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
            (key.key().name().to_owned(), labels.join(" "), value)
        })
        .collect();
    let value = |name: &str, labels: &str| {
        values.iter().find(|(known, of, _)| known == name && of == labels).map(|(.., value)| value)
    };
    let hits = value("forebay_cache_hits_total", "pages");
    assert_eq!(hits, Some(&DebugValue::Counter(1)), "ten looks are none");
    assert_eq!(value("forebay_response_precomputed_total", "pages ok"), Some(&DebugValue::Counter(2)));
    assert_eq!(value("forebay_response_precompute_pending", "pages"), Some(&DebugValue::Gauge(0.0.into())));
    ahead.shutdown().await;
}
