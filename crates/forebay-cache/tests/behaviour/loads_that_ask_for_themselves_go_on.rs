//! A loader that asks for its own key, straight or in a circle, gets an answer, and nobody waits past a deadline of its own.

use crate::support::start;
use forebay_cache::{Cache, Clock, LoadFailed, Loader, LoaderError, Tag};
use forebay_scope::Scope;
use std::{
    future::pending,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

type Words = Cache<u32, String>;

fn cache(name: &str) -> Words {
    Cache::builder(name).clock(Clock::tokio()).build().expect("valid settings")
}

#[tokio::test(start_paused = true)]
async fn straight() {
    let (words, began) = (cache("words"), Instant::now());
    let inner =
        async || words.entry(&1).tags(|| [Tag::named("inner")]).get_or_load(async || "in".to_owned()).await;
    let outer = words.get_or_load(&1, async || format!("out of {}", inner().await)).await;
    assert_eq!(outer, "out of in");
    assert_eq!(began.elapsed(), Duration::ZERO, "without waiting for itself");
    assert_eq!(words.peek(&1).as_deref(), Some(&outer), "the inner call kept nothing");
    words.invalidate_tag(&Tag::named("inner")).await;
    assert!(words.peek(&1).is_none(), "and what it depends on is known");
}

#[tokio::test(start_paused = true)]
async fn through_another_cache() {
    let (a, b, began) = (cache("a"), cache("b"), Instant::now());
    let from_a = async || a.get_or_load(&1, async || "a".to_owned()).await;
    let from_b = async || b.get_or_load(&1, async || format!("b of {}", from_a().await)).await;
    assert_eq!(a.get_or_load(&1, async || format!("a of {}", from_b().await)).await, "a of b of a");
    assert_eq!(began.elapsed(), Duration::ZERO);
    // The same key of another cache, and another key of the same one, are loads of their own.
    assert!(b.peek(&1).is_some());
}

struct Itself(Arc<OnceLock<Words>>);

#[async_trait::async_trait]
impl Loader<u32, String> for Itself {
    async fn load(&self, key: &u32) -> Result<Option<Arc<String>>, LoaderError> {
        let words = self.0.get().expect("set before the first load");
        // Past the window in which the stale value would be an answer.
        tokio::time::sleep(Duration::from_secs(15)).await;
        Ok(Some(Arc::new(words.get_or_load(key, async || "in".to_owned()).await)))
    }
}

#[tokio::test(start_paused = true)]
async fn in_the_background() {
    let own = Arc::new(OnceLock::new());
    let words: Words = Cache::builder("words")
        .clock(Clock::tokio())
        .ttl(Duration::from_secs(10))
        .stale_while_revalidate(Duration::from_secs(10))
        .loader(Itself(own.clone()))
        .build()
        .expect("valid settings");
    own.set(words.clone()).expect("set once");
    words.insert(&1, "old".to_owned()).await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(words.get(&1).await.as_deref(), Some(&"old".to_owned()));
    tokio::time::sleep(Duration::from_secs(16)).await;
    assert_eq!(words.peek(&1).as_deref(), Some(&"in".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_past_a_deadline_of_its_own() {
    let (words, began) = (cache("words"), Instant::now());
    let _leader = start(words.get_or_load(&1, async || pending::<String>().await));
    let scope = Scope::with_deadline(began + Duration::from_secs(2));
    let late = scope.run(words.get_or_load(&1, async || Ok::<_, LoadFailed>("own".to_owned()))).await;
    assert_eq!(late, Err(LoadFailed::Deadline));
    let own = scope.run(words.get_or_load(&1, async || "own".to_owned())).await;
    assert_eq!(own, "own", "without an error to return it runs its own");
    assert!(began.elapsed() < Duration::from_secs(3));
}
