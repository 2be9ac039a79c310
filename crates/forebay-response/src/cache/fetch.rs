use super::{
    asked::Asked,
    keep::{Arrival, Judged, Windows, note_tags},
    query::Search,
    shared::Shared,
    storable::Why,
    stored::{Kept, Stored, StoredResponse, Varies},
    view::ask_about,
};
use crate::service::{BoxError, Gather, Gathered, Ready, ResponseBody, Whole};
use async_trait::async_trait;
use forebay_cache::{Load, LoadFailed, Mode};
use forebay_scope::Scope;
use http::{HeaderMap, Request, Response, StatusCode, request::Parts};
use http_body::Body;
use std::{
    future::poll_fn,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tower_service::Service;

/// Asks the handler for what is to be kept under a key. It is `dyn` because handlers of many types fill one cache, and it
/// travels in the key, so that the cache's own loader can ask again in the background.
#[async_trait]
pub(crate) trait Fetch: Send + Sync {
    /// `awaited` by the client whose request it is, who is then told what came; not when the cache asks again in the
    /// background.
    async fn fetch(
        &self,
        load: &mut Load<StoredResponse>,
        awaited: bool,
    ) -> Result<Option<Arc<StoredResponse>>, FillFailed>;
}

/// Nothing came that could be kept, and what was kept before stays.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum FillFailed {
    #[error("the handler failed")]
    Handler,
    #[error("the handler answered {0}")]
    Status(StatusCode),
    #[error(transparent)]
    Load(#[from] LoadFailed),
}

/// What a key stands for: a resource, or one of its variants by these fields.
#[derive(Debug, Clone)]
pub(crate) enum Level {
    Resource,
    Variant(Varies),
}

/// One request to a handler, which can be made again.
pub(crate) struct Origin<S, Q, B, E> {
    service: Mutex<S>,
    request: Parts,
    /// What the client sent, for secondary keys.
    pub(crate) headers: HeaderMap,
    pub(crate) asked: Asked,
    pub(crate) level: Level,
    pub(crate) shared: Arc<Shared>,
    slot: Mutex<Slot<B, E>>,
    body: PhantomData<fn() -> Q>,
}

/// What the client that waits is told beside what is kept.
pub(crate) struct Slot<B, E> {
    pub(crate) ran: bool,
    pub(crate) revalidated: bool,
    pub(crate) status: Option<StatusCode>,
    /// The handler's answer, where it is not kept.
    pub(crate) answer: Option<Result<Response<ResponseBody<B>>, E>>,
    pub(crate) why: Option<Why>,
    pub(crate) kept: Option<Arc<Kept>>,
}

impl<S, Q, B, E> Origin<S, Q, B, E> {
    pub(crate) fn new(service: S, parts: &Parts, asked: Asked, level: Level, shared: Arc<Shared>) -> Self {
        let observed = shared.cache.mode() == Mode::Observe;
        Self {
            request: shared.policy.view(parts, &asked, observed),
            service: Mutex::new(service),
            headers: parts.headers.clone(),
            asked,
            level,
            shared,
            slot: Mutex::new(Slot::empty()),
            body: PhantomData,
        }
    }

    /// What the client is told.
    pub(crate) fn told(&self) -> Slot<B, E> {
        std::mem::replace(&mut *locked(&self.slot), Slot::empty())
    }

    fn answers(&self, told: Told<'_, B, E>, answer: Result<Response<ResponseBody<B>>, E>, why: Why) {
        self.shared.watch.refused(why);
        tell(told, |slot| {
            slot.answer = Some(answer);
            slot.why = Some(why);
        });
    }
}

/// Where to tell it; nowhere in the background.
type Told<'a, B, E> = Option<&'a Mutex<Slot<B, E>>>;

fn tell<B, E>(told: Told<'_, B, E>, tell: impl FnOnce(&mut Slot<B, E>)) {
    if let Some(slot) = told {
        tell(&mut locked(slot));
    }
}

fn locked<B, E>(slot: &Mutex<Slot<B, E>>) -> MutexGuard<'_, Slot<B, E>> {
    // Only whole fields are written.
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B, E> Slot<B, E> {
    fn empty() -> Self {
        Self { ran: false, revalidated: false, status: None, answer: None, why: None, kept: None }
    }
}

impl<S, Q, B, E> Origin<S, Q, B, E>
where
    S: Service<Request<Q>, Response = Response<B>, Error = E> + Clone + Send + 'static,
    S::Future: Send,
    Q: Default + Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    E: Send + 'static,
{
    async fn call(&self, headers: HeaderMap) -> Result<Response<B>, E> {
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        poll_fn(|context| service.poll_ready(context)).await?;
        let mut parts = self.request.clone();
        parts.headers = headers;
        service.call(Request::from_parts(parts, Q::default())).await
    }

    /// The handler's answer, and whether it can be that what was kept before still holds.
    async fn ask(&self, previous: Option<&Kept>) -> Result<(Response<B>, bool), E> {
        let mut headers = self.request.headers.clone();
        let asks = previous.is_some_and(|kept| ask_about(&mut headers, kept));
        let response = self.call(headers).await?;
        let of_another = |kept: &Kept| !kept.is_named_by(response.headers());
        if asks && response.status() == StatusCode::NOT_MODIFIED && previous.is_some_and(of_another) {
            // It speaks of a version that is not here (RFC 9111 section 4.3.4).
            return Ok((self.call(self.request.headers.clone()).await?, false));
        }
        Ok((response, asks))
    }

    /// Gives the answer to its own client only, and remembers that this resource is not to be kept.
    fn passes(
        &self,
        load: &mut Load<StoredResponse>,
        told: Told<'_, B, E>,
        answer: Response<ResponseBody<B>>,
        why: Why,
    ) -> Result<Option<Arc<StoredResponse>>, FillFailed> {
        let status = answer.status();
        self.answers(told, Ok(answer), why);
        if is_failure(status) {
            return Err(FillFailed::Status(status));
        }
        let pass_for = self.shared.policy.rules.pass_for;
        load.ttl(pass_for);
        if pass_for.is_zero() {
            load.do_not_keep();
        }
        Ok(Some(Arc::new(StoredResponse(Stored::Pass))))
    }
}

/// What a stale response may stand in for (RFC 5861 section 4).
pub(crate) fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

#[async_trait]
impl<S, Q, B, E> Fetch for Origin<S, Q, B, E>
where
    S: Service<Request<Q>, Response = Response<B>, Error = E> + Clone + Send + 'static,
    S::Future: Send,
    Q: Default + Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    E: Send + 'static,
{
    async fn fetch(
        &self,
        load: &mut Load<StoredResponse>,
        awaited: bool,
    ) -> Result<Option<Arc<StoredResponse>>, FillFailed> {
        self.run(load, awaited.then_some(&self.slot)).await
    }
}

impl<S, Q, B, E> Origin<S, Q, B, E>
where
    S: Service<Request<Q>, Response = Response<B>, Error = E> + Clone + Send + 'static,
    S::Future: Send,
    Q: Default + Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    E: Send + 'static,
{
    async fn run(
        &self,
        load: &mut Load<StoredResponse>,
        told: Told<'_, B, E>,
    ) -> Result<Option<Arc<StoredResponse>>, FillFailed> {
        tell(told, |slot| slot.ran = true);
        let previous = load.previous().and_then(|previous| previous.value().kept().cloned());
        let began = (self.shared.now)();
        let (response, asks) = match self.ask(previous.as_deref()).await {
            Ok(answer) => answer,
            Err(error) => {
                self.answers(told, Err(error), Why::Error);
                return Err(FillFailed::Handler);
            }
        };
        let arrival = Arrival { began, ended: (self.shared.now)() };
        let status = response.status();
        tell(told, |slot| slot.status = Some(status));
        if let Some(previous) = previous.as_ref().filter(|_| asks && status == StatusCode::NOT_MODIFIED) {
            let (judged, refused) =
                self.shared.policy.renewed(previous, response.headers(), &arrival, &self.asked);
            if let Some(why) = refused {
                // It is for this client only, such as by a cookie that came with the 304.
                return self.passes(load, told, judged.kept.whole(), why);
            }
            tell(told, |slot| slot.revalidated = true);
            let kept = self.keep(load, told, judged).await;
            return Ok(Some(kept));
        }
        let failed_over = is_failure(status) && previous.is_some_and(|kept| kept.lifetime.stale_if_error > 0);
        let judged = self.shared.policy.judged(&response, &arrival, &self.asked);
        let judged = if failed_over { Err(Why::Error) } else { judged };
        let judged = match judged {
            Ok(judged) => judged,
            Err(why) => return self.passes(load, told, response.map(ResponseBody::plain), why),
        };
        let (parts, body) = self.gathered(response).await;
        match body {
            Gathered::Whole(whole) if whole.trailers.is_none() && judged.has_length(&whole.data) => {
                let kept = self.shared.policy.kept(parts, whole, judged, &arrival);
                Ok(Some(self.keep(load, told, kept).await))
            }
            Gathered::Whole(Whole { data, trailers, .. }) => {
                let body = ResponseBody::from(Ready::Whole(data, trailers));
                self.passes(load, told, Response::from_parts(parts, body), Why::Trailers)
            }
            Gathered::Unfinished(rest) => {
                self.passes(load, told, Response::from_parts(parts, ResponseBody::rest(rest)), Why::TooLong)
            }
        }
    }
}

impl<S, Q, B, E> Origin<S, Q, B, E>
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn gathered(&self, response: Response<B>) -> (http::response::Parts, Gathered<B>) {
        let (mut parts, body) = response.into_parts();
        let rules = &self.shared.policy.rules;
        let prepared = parts.extensions.remove::<crate::Prepared>();
        let mut gather = Gather::new(body, prepared, rules.body_bytes_max, rules.body_wait);
        let gathered = poll_fn(|context| gather.poll(context)).await;
        (parts, gathered)
    }

    /// Decides how it is kept, and under which key.
    async fn keep(
        &self,
        load: &mut Load<StoredResponse>,
        told: Told<'_, B, E>,
        judged: Judged,
    ) -> Arc<StoredResponse> {
        let (shared, target) = (&self.shared, &self.asked.target);
        let Judged { mut kept, names, search } = judged;
        let named = shared.policy.tags_named(&kept.headers);
        let tags = note_tags(&mut kept, named, target);
        let windows = Windows::of(&kept, &shared.policy.rules);
        windows.decide(load);
        let kept = Arc::new(kept);
        tell(told, |slot| slot.kept = Some(kept.clone()));
        if let Some(search) = search {
            self.tell_apart(search).await;
        }
        let response = Arc::new(StoredResponse(Stored::Response(kept)));
        match &self.level {
            Level::Resource if names.is_empty() => response,
            Level::Resource => {
                let varies = Varies::new(names, generation());
                let values = varies.values(&self.headers);
                drop(varies.used(&values, shared.policy.rules.variants_max));
                let key = self.asked.key.variant(varies.generation, &values);
                // The marker, which is kept as of when this load began, is what leads to the variant: when something it was
                // made from is invalidated meanwhile the marker goes, and no other leads there.
                let variant: Option<Arc<StoredResponse>> = shared
                    .cache
                    .entry(&key)
                    .get_or_load_with(async |load| {
                        Scope::with_current(|scope| scope.read(tags));
                        windows.decide(load);
                        Some(response)
                    })
                    .await;
                drop(variant);
                load.ttl(MARKER_TTL).stale_while_revalidate(Duration::ZERO).stale_if_error(Duration::ZERO);
                Arc::new(StoredResponse(Stored::Varies(varies)))
            }
            Level::Variant(varies) if names.iter().all(|name| varies.names.contains(name)) => response,
            Level::Variant(_) => {
                // What its responses differ by has changed: the resource is learned anew, and those who wait for this
                // one may be among those that get another.
                load.do_not_keep();
                shared.cache.invalidate(&self.asked.key).await;
                Arc::new(StoredResponse(Stored::Pass))
            }
        }
    }

    /// Remembers how the queries of this path are told apart.
    async fn tell_apart(&self, search: Search) {
        let (cache, key) = (&self.shared.cache, self.asked.target.search_key());
        let known = cache.peek(&key);
        if !known.is_some_and(|known| matches!(&known.0, Stored::Search(known) if *known == search)) {
            cache.entry(&key).ttl(MARKER_TTL).insert(StoredResponse(Stored::Search(search))).await;
        }
    }
}

/// How long it is remembered how the responses of a resource differ. It makes none of them live longer.
const MARKER_TTL: Duration = Duration::from_secs(3600);

/// A number that no other marker has.
fn generation() -> u64 {
    // Keyed anew each time, from the system's random numbers.
    RandomState::new().build_hasher().finish()
}
