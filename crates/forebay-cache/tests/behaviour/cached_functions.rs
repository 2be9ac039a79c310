//! `#[cached]` on every kind of function, with real caches: the second call is answered without the body.

#![cfg(feature = "macros")]

use forebay_cache::{Cache, CacheKey, LoadFailed, Tag, cached};
use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

#[derive(Debug, thiserror::Error, PartialEq)]
enum AppError {
    #[error("down")]
    Down,
    #[error("not a number")]
    Number(#[from] std::num::ParseIntError),
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

type Answer<T, E = AppError> = Result<T, E>;

struct App {
    texts: Cache<u64, String>,
    by_name: Cache<String, String>,
    maybe: Cache<u64, Option<String>>,
    /// How often a body ran.
    loads: AtomicU32,
}

impl App {
    fn new() -> Self {
        Self {
            texts: Cache::builder("texts").build().expect("valid settings"),
            by_name: Cache::builder("by-name").build().expect("valid settings"),
            maybe: Cache::builder("maybe").build().expect("valid settings"),
            loads: AtomicU32::new(0),
        }
    }

    fn loaded(&self) {
        self.loads.fetch_add(1, Ordering::SeqCst);
    }

    fn loads(&self) -> u32 {
        self.loads.swap(0, Ordering::SeqCst)
    }

    fn texts(&self) -> Cache<u64, String> {
        self.texts.clone()
    }

    /// Documented, with attributes and visibility of its own.
    #[cached(cache = self.by_name, key = name.to_owned())]
    #[must_use]
    pub(crate) async fn greeting(&self, name: &str) -> Arc<String> {
        self.loaded();
        tokio::task::yield_now().await;
        Arc::new(format!("hello {name}"))
    }

    #[cached(cache = self.texts(), key = id)]
    async fn through_a_method(self: &Arc<Self>, id: u64) -> Answer<String> {
        self.loaded();
        Ok(format!("{id}"))
    }
}

#[cached(cache = app.texts, key = id)]
async fn plain(app: &App, id: u64) -> String {
    app.loaded();
    format!("{id}")
}

#[cached(cache = app.texts, key = text.parse()?)]
async fn early(app: &App, text: &str) -> Answer<String> {
    app.loaded();
    let id: u64 = text.parse()?;
    if id == 0 {
        return Err(AppError::Down);
    }
    for n in 0..10 {
        if n == id {
            return Ok(format!("small {n}"));
        }
    }
    Ok(text.to_owned())
}

#[cached(cache = app.texts, key = id + 1_000 * 2)]
async fn with_anyhow(app: &App, id: u64) -> anyhow::Result<Arc<String>> {
    app.loaded();
    anyhow::ensure!(id != 0, "no zero");
    Ok(Arc::new(format!("{id}")))
}

#[cached(cache = app.maybe, key = id)]
async fn absent(app: &App, id: u64) -> Answer<Option<String>> {
    app.loaded();
    Ok((id > 10).then(|| id.to_string()))
}

#[cached(cache = app.by_name.clone(), key = name.clone())]
async fn owned(app: Arc<App>, mut name: String) -> String {
    app.loaded();
    name.push('!');
    drop(app);
    name
}

#[cached(cache = cache, key = key.clone())]
async fn generic<K, V, F>(cache: &Cache<K, V>, key: K, make: F) -> Answer<V>
where
    K: CacheKey,
    V: Clone + Send + Sync + 'static,
    F: AsyncFnOnce(K) -> V,
{
    Ok(make(key).await)
}

#[cached(cache = app.by_name, key = format!("{prefix}{id}"))]
async fn hidden_types<'a>(app: &'a App, prefix: &'a str, id: impl Display + Copy) -> String {
    app.loaded();
    format!("{prefix}-{id}")
}

#[tokio::test]
async fn the_second_call_is_answered_by_the_cache() {
    let app = Arc::new(App::new());
    for _ in 0..2 {
        assert_eq!(plain(&app, 1).await, "1");
        assert_eq!(early(&app, "2").await, Ok("small 2".to_owned()));
        assert_eq!(*with_anyhow(&app, 3).await.expect("loaded"), "3");
        assert_eq!(owned(Arc::clone(&app), "Ann".to_owned()).await, "Ann!");
        assert_eq!(*app.greeting("Bob").await, "hello Bob");
        assert_eq!(app.through_a_method(4).await, Ok("4".to_owned()));
        assert_eq!(hidden_types(&app, "x", 5).await, "x-5");
    }
    assert_eq!(app.loads(), 7);
    assert!(app.texts.peek(&2003).is_some(), "an expression keeps its precedence");
}

#[tokio::test]
async fn generic_functions_keep_their_parameters() {
    let cache: Cache<(u32, String), Vec<u8>> = Cache::builder("any").build().expect("valid settings");
    let load = async |key: (u32, String)| key.1.into_bytes();
    for _ in 0..2 {
        assert_eq!(generic(&cache, (1, "ab".to_owned()), load).await, Ok(b"ab".to_vec()));
    }
    assert_eq!(cache.len(), 1);
}

#[tokio::test]
async fn a_question_mark_leaves_the_function_and_stores_nothing() {
    let app = App::new();
    for _ in 0..2 {
        assert_eq!(early(&app, "0").await, Err(AppError::Down));
        assert!(matches!(early(&app, "x").await, Err(AppError::Number(_))));
        assert_eq!(with_anyhow(&app, 0).await.expect_err("refused").to_string(), "no zero");
    }
    assert_eq!(app.loads(), 4, "an error is no value; a key that fails is not looked up");
    assert!(app.texts.is_empty());
}

#[tokio::test]
async fn the_caches_type_decides_whether_absence_is_kept() {
    let app = App::new();
    for _ in 0..2 {
        assert_eq!(absent(&app, 1).await, Ok(None));
        assert_eq!(absent(&app, 11).await, Ok(Some("11".to_owned())));
    }
    assert_eq!(app.loads(), 2);
}

#[cached(
    cache = app.texts,
    key = id,
    ttl = Duration::from_secs(id),
    tags = [Tag::of("text", id), Tag::named("texts")],
    tags_from = |text: &String| [Tag::of("length", text.len())],
)]
async fn with_everything(app: &App, id: u64) -> String {
    app.loaded();
    "x".repeat(id as usize)
}

#[tokio::test]
async fn values_are_forgotten_by_every_kind_of_tag() {
    let app = App::new();
    for tag in [Tag::of("text", 3), Tag::named("texts"), Tag::of("length", 3)] {
        with_everything(&app, 3).await;
        with_everything(&app, 3).await;
        assert_eq!(app.loads(), 1);
        app.texts.invalidate_tag(&tag).await;
        assert!(app.texts.peek(&3).is_none(), "{tag}");
    }
}

#[tokio::test]
async fn callers_at_once_share_one_load() {
    let app = App::new();
    let (a, b, c) = tokio::join!(app.greeting("Eve"), app.greeting("Eve"), app.greeting("Eve"));
    assert!(Arc::ptr_eq(&a, &b) && Arc::ptr_eq(&b, &c));
    assert_eq!(app.loads(), 1);
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn futures_can_be_spawned() {
    let app = Arc::new(App::new());
    let task = tokio::spawn({
        let app = Arc::clone(&app);
        async move {
            let name = String::from("Zoe");
            let greeting = is_send(app.greeting(&name)).await;
            let answer = is_send(early(&app, &format!("{}", 7))).await;
            let hidden = is_send(hidden_types(&app, &name, 7_u8)).await;
            (greeting, answer, hidden)
        }
    });
    let (greeting, answer, hidden) = task.await.expect("the task ends");
    assert_eq!((greeting.as_str(), answer, hidden.as_str()), ("hello Zoe", Ok("small 7".into()), "Zoe-7"));
    let task = tokio::spawn(owned(app, "Max".to_owned()));
    assert_eq!(task.await.expect("the task ends"), "Max!");
}

trait Names {
    fn name(&self, id: u64) -> impl Future<Output = String> + Send;
}

impl Names for App {
    #[cached(cache = self.texts, key = id)]
    async fn name(&self, id: u64) -> String {
        self.loaded();
        format!("name {id}")
    }
}

#[tokio::test]
async fn methods_of_traits_are_cached() {
    let app = App::new();
    for _ in 0..2 {
        assert_eq!(is_send(app.name(9)).await, "name 9");
    }
    assert_eq!(app.loads(), 1);
}

#[cached(cache = app.texts, key = id, when = id != 0)]
async fn unless_zero(app: &App, id: u64) -> String {
    app.loaded();
    format!("{id}")
}

#[tokio::test]
async fn a_condition_decides_whether_the_cache_takes_part() {
    let app = App::new();
    for id in [0, 1] {
        for _ in 0..2 {
            assert_eq!(unless_zero(&app, id).await, id.to_string());
        }
    }
    assert_eq!(app.loads(), 3);
    app.texts.insert(&0, "kept".to_owned()).await;
    assert_eq!(unless_zero(&app, 0).await, "0", "nor does it look");
}

#[cached(cache = app.texts, key = id, skip_memory)]
async fn past_memory(app: &App, id: u64) -> String {
    app.loaded();
    format!("{id}")
}

#[cached(cache = app.texts, key = id, read_only, memory_only, ttl = Duration::from_secs(1), tags = [Tag::named("a")])]
async fn looked_up(app: &App, id: u64) -> String {
    app.loaded();
    format!("{id}")
}

#[tokio::test]
async fn a_function_chooses_its_places() {
    let app = App::new();
    assert_eq!(past_memory(&app, 1).await, "1");
    assert_eq!(looked_up(&app, 2).await, "2");
    assert!(app.texts.is_empty());
    app.texts.insert(&1, "kept".to_owned()).await;
    assert_eq!((past_memory(&app, 1).await.as_str(), looked_up(&app, 1).await.as_str()), ("1", "kept"));
    assert_eq!(app.loads(), 3);
}

mod companions {
    use super::{Answer, App, Arc, LoadFailed, cached};

    impl App {
        /// The key is computed once, for all three.
        #[cached(cache = self.by_name, key = format!("{prefix}{id}"), invalidate = forget_label, peek = peek_label)]
        pub(crate) async fn label<'a>(
            &'a self,
            prefix: &'a str,
            mut id: u64,
        ) -> Answer<Arc<String>, LoadFailed> {
            self.loaded();
            id += 1;
            Ok(Arc::new(format!("{prefix}-{id}")))
        }
    }

    #[cached(cache = app.maybe, key = id, when = wanted, invalidate = forget_maybe, peek = peek_maybe)]
    pub(crate) async fn maybe<F>(app: &App, id: u64, wanted: bool, is: F) -> Option<String>
    where
        F: Fn() -> bool,
    {
        app.loaded();
        is().then(|| id.to_string())
    }
}

#[tokio::test]
async fn companions_forget_and_look_under_the_same_key() {
    let app = App::new();
    assert!(app.peek_label("a", 7).is_none());
    let label = app.label("a", 7).await.expect("loaded");
    let peeked = app.peek_label("a", 7).expect("memory has it").expect("a value");
    assert!(Arc::ptr_eq(&label, &peeked));
    assert!(app.peek_label("b", 7).is_none());
    app.forget_label("a", 7).await;
    assert!(app.peek_label("a", 7).is_none());
    app.label("a", 7).await.expect("loaded");
    assert_eq!(app.loads(), 2);

    let no = || false;
    assert_eq!(companions::maybe(&app, 1, true, no).await, None);
    assert_eq!(companions::peek_maybe(&app, 1, true, no), Some(None), "absence is kept, and seen");
    is_send(companions::forget_maybe(&app, 1, true, no)).await;
    assert_eq!(companions::peek_maybe(&app, 1, true, no), None);
}
