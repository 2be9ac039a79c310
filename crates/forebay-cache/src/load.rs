use crate::memory::Life;
use forebay_scope::Tag;
use std::{fmt, sync::Arc, time::Duration};

/// One run of a loader that talks to the cache: what is known of the old value, and what the loader decides about the new
/// one. Given by [`Lookup::get_or_load_with`](crate::Lookup::get_or_load_with) and [`Loader::load_with`](crate::Loader).
///
/// What is not decided here is as the call, or else the cache, has it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use forebay_cache::{Cache, LoadFailed};
/// # use std::{sync::Arc, time::Duration};
/// # struct Response { etag: &'static str, max_age: Duration, body: Option<String> }
/// # async fn fetch(_: u64, if_none_match: Option<&str>) -> Result<Response, LoadFailed> {
/// #     let body = (if_none_match != Some("v1")).then(|| "a page".to_owned());
/// #     Ok(Response { etag: "v1", max_age: Duration::from_secs(30), body })
/// # }
/// let pages: Cache<u64, String> = Cache::builder("pages").ttl(Duration::from_secs(60)).build()?;
/// let page: Result<Arc<String>, LoadFailed> = pages
///     .entry(&7)
///     .get_or_load_with(async |load| {
///         let known = load.previous().and_then(|old| old.validator()).map(str::to_owned);
///         let response = fetch(7, known.as_deref()).await?;
///         load.ttl(response.max_age).validator(response.etag);
///         match response.body {
///             Some(body) => Ok(Arc::new(body)),
///             // Only an answer to a validator says "not modified".
///             None => load.not_modified().ok_or(LoadFailed::Leader("no body".into())),
///         }
///     })
///     .await;
/// assert_eq!(*page?, "a page");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Load<V> {
    previous: Option<Previous<V>>,
    decided: Decided,
}

/// The value a load replaces: past its time, softly invalidated, or refreshed before its time.
pub struct Previous<V> {
    value: Arc<V>,
    age: Duration,
    life: Arc<Life>,
}

/// What a loader decided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decided {
    pub(crate) ttl: Option<Duration>,
    pub(crate) stale_while_revalidate: Option<Duration>,
    pub(crate) stale_if_error: Option<Duration>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) validator: Option<Arc<str>>,
    /// The old value's life, when that value stays.
    pub(crate) not_modified: Option<Arc<Life>>,
    pub(crate) do_not_keep: bool,
}

impl<V> Load<V> {
    pub(crate) fn new(previous: Option<Previous<V>>) -> Self {
        Self { previous, decided: Decided::default() }
    }

    pub(crate) fn into_decided(self) -> Decided {
        self.decided
    }

    /// The value this load replaces, if this node still has it. One that was invalidated for good is gone.
    #[must_use]
    pub fn previous(&self) -> Option<&Previous<V>> {
        self.previous.as_ref()
    }

    /// The source says that the [previous](Self::previous) value is still right: it is to be returned, and kept as if it
    /// had been loaded now, with its tags and its validator. `None` when there is none.
    pub fn not_modified(&mut self) -> Option<Arc<V>> {
        let previous = self.previous.as_ref()?;
        self.decided.not_modified = Some(previous.life.clone());
        if self.decided.validator.is_none() {
            self.decided.validator = previous.life.validator().cloned();
        }
        Some(previous.value.clone())
    }

    /// How long the value is fresh. Default: what [`ttl_from`](crate::CacheBuilder::ttl_from), the call or the cache says.
    pub fn ttl(&mut self, ttl: Duration) -> &mut Self {
        self.decided.ttl = Some(ttl);
        self
    }

    /// For how long after its ttl the value is served while it is reloaded; without effect when the cache has no
    /// [`Loader`](crate::Loader) that could make the same entry. Default: the cache's.
    pub fn stale_while_revalidate(&mut self, window: Duration) -> &mut Self {
        self.decided.stale_while_revalidate = Some(window);
        self
    }

    /// For how long after its ttl the value is served when a reload fails. Default: the cache's.
    pub fn stale_if_error(&mut self, window: Duration) -> &mut Self {
        self.decided.stale_if_error = Some(window);
        self
    }

    /// Adds tags. An entry with tags that only a caller's closure knows is not refreshed in the background. Default: none.
    pub fn tags(&mut self, tags: impl IntoIterator<Item = Tag>) -> &mut Self {
        self.decided.tags.extend(tags);
        self
    }

    /// What the source calls this version of the value, such as an `ETag`: the next load finds it in [`Previous`]. It is
    /// kept in this node's memory only: what comes back from a remote tier has none. Default: none.
    pub fn validator(&mut self, validator: impl Into<Arc<str>>) -> &mut Self {
        self.decided.validator = Some(validator.into());
        self
    }

    /// Gives the value to those who wait for it, and keeps it nowhere; what was kept before stays as stale as it is.
    /// Default: it is kept.
    pub fn do_not_keep(&mut self) -> &mut Self {
        self.decided.do_not_keep = true;
        self
    }
}

impl<V> Previous<V> {
    pub(crate) fn new(value: Arc<V>, age: Duration, life: Arc<Life>) -> Self {
        Self { value, age, life }
    }

    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &Arc<V> {
        &self.value
    }

    /// How long ago it was loaded.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// What its loader [called it](Load::validator).
    #[must_use]
    pub fn validator(&self) -> Option<&str> {
        self.life.validator().map(|validator| &**validator)
    }
}

impl<V> fmt::Debug for Previous<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Previous")
            .field("age", &self.age)
            .field("validator", &self.validator())
            .finish_non_exhaustive()
    }
}
