use super::{
    asked::Asked,
    decide::{Decision, Fill},
    fetch::{FillFailed, Origin, Slot},
    heads::unchanged,
    shared::Shared,
    status::{Forward, Handled},
    storable::Why,
    stored::{Kept, Stored, StoredResponse},
    tags::groups_invalidated,
    target::Target,
    watch::Outcome,
};
use crate::{
    ResponseKey,
    service::{BoxError, Ready, ResponseBody},
};
use forebay_cache::{Cache, Load, LoadFailed};
use forebay_scope::Scope;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{AGE, CONTENT_LOCATION, LOCATION},
    request::Parts,
};
use http_body::Body;
use std::{panic::resume_unwind, sync::Arc};
use tokio::time::timeout;
use tower_service::Service;

type Answer<B, E> = Result<Response<ResponseBody<B>>, E>;
type Filled = Result<Option<Arc<StoredResponse>>, FillFailed>;

/// One request, and all that is needed to answer it.
pub(super) struct Serving<S, Q> {
    pub(super) shared: Arc<Shared>,
    /// Ready to be called once.
    pub(super) service: S,
    pub(super) parts: Parts,
    pub(super) body: Q,
}

/// What is to be done about a request that memory cannot answer.
pub(super) enum Decided {
    Pass(Why),
    Unsafe(Target),
    LookUp(Box<(Asked, Decision)>),
}

/// Asking again what is kept can only be needed when something is invalidated or changes meanwhile.
const ROUNDS_MAX: usize = 4;

impl<S, Q, B, E> Serving<S, Q>
where
    S: Service<Request<Q>, Response = Response<B>, Error = E> + Clone + Send + 'static,
    S::Future: Send,
    Q: Default + Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    E: Send + 'static,
{
    pub(super) async fn run(self, decided: Decided) -> Answer<B, E> {
        match decided {
            Decided::Pass(why) => self.pass(Handled::passed(why)).await,
            Decided::Unsafe(target) => self.unsafely(target).await,
            Decided::LookUp(found) => self.look_up(*found).await,
        }
    }

    /// Goes on with what was decided.
    async fn look_up(self, (mut asked, mut decision): (Asked, Decision)) -> Answer<B, E> {
        for _ in 0..ROUNDS_MAX {
            let fill = match decision {
                Decision::Serve(kept) => return Ok(self.shared.hit(&kept, &asked, &self.parts.headers)),
                Decision::Pass(why) if asked.head => return self.pass_head(why, &asked).await,
                Decision::Pass(why) => return self.pass(Handled::passed(why)).await,
                Decision::Absent => return Ok(self.shared.gateway_timeout(Handled::default())),
                Decision::Fill(fill) => fill,
            };
            let forward = fill.forward;
            let filling = self.filling(&asked, fill);
            let (filled, slot) = filling.run(&self.shared).await;
            let again = match self.answer(&asked, forward, filled, slot) {
                Next::Answer(answer) => return *answer,
                Next::Pass(handled) => return self.pass(handled).await,
                Next::Again => false,
                Next::Anew => true,
            };
            // Whoever waited has seen it loaded; nothing older will do.
            asked.directives.no_cache |= again;
            decision = self.shared.decide(&asked, &self.parts.headers);
        }
        self.pass(Handled { forward: Some(Forward::Miss), ..Handled::default() }).await
    }

    /// Past the cache, as the request came.
    async fn pass(mut self, handled: Handled) -> Answer<B, E> {
        let asked = self.parts.headers.clone();
        let mut response = self.service.call(Request::from_parts(self.parts, self.body)).await?;
        let shared = &self.shared;
        shared.watch.saw(Outcome::Pass);
        if let Some(why) = handled.why {
            shared.watch.refused(why);
        }
        handled.write(&shared.policy.rules.name, response.headers_mut());
        shared.policy.tell_tags_of_passing(response.headers_mut(), &asked);
        Ok(response.map(ResponseBody::plain))
    }

    /// HEAD, past the cache; what its answer shows to be out of date is forgotten.
    async fn pass_head(self, why: Why, asked: &Asked) -> Answer<B, E> {
        let shared = self.shared.clone();
        let kept = shared.selected(asked, &self.parts.headers);
        let answer = self.pass(Handled::passed(why)).await?;
        if let Some(kept) = kept
            && kept.is_contradicted_by(answer.status(), answer.headers())
        {
            shared.cache.invalidate_tags(&[asked.target.tag()]).await;
        }
        Ok(answer)
    }

    /// A request that may change something: what it may have changed is forgotten before its answer is given (RFC 9111
    /// section 4.4).
    async fn unsafely(self, mut target: Target) -> Answer<B, E> {
        let shared = self.shared.clone();
        shared.reduce(&mut target);
        let answer = self.pass(Handled::passed(Why::Method)).await?;
        if answer.status().is_success() || answer.status().is_redirection() {
            let mut tags = target.tags();
            for name in [LOCATION, CONTENT_LOCATION] {
                if let Some(mut named) = answer.headers().get(name).and_then(|other| target.named(other)) {
                    shared.reduce(&mut named);
                    tags.extend(named.tags());
                }
            }
            tags.extend(groups_invalidated(answer.headers(), &target));
            shared.cache.invalidate_tags(&tags).await;
        }
        Ok(answer)
    }

    fn filling(&self, asked: &Asked, fill: Fill) -> Filling<B, E> {
        let Fill { key, level, anew, surplus, .. } = fill;
        let (service, shared) = (self.service.clone(), self.shared.clone());
        let origin: Arc<Origin<S, Q, B, E>> =
            Arc::new(Origin::new(service, &self.parts, asked.clone(), level, shared));
        let key = key.fetched_by(origin.clone(), anew);
        Filling { key, anew, surplus, told: Box::new(move || origin.told()) }
    }

    /// What follows from a fill that this request took part in.
    fn answer(&self, asked: &Asked, forward: Forward, filled: Filled, slot: Slot<B, E>) -> Next<B, E> {
        let shared = &self.shared;
        let handled = Handled {
            forward: Some(forward),
            forward_status: slot.status,
            why: slot.why,
            ..Handled::default()
        };
        if let Some(answer) = slot.answer {
            // A stale response stands in for the error, where it may.
            if let Ok(Some(stored)) = &filled
                && let Some(kept) = stored.kept()
                && kept.stale_for(asked.at) <= kept.lifetime.stale_if_error
                && asked.takes_stale(shared)
            {
                let handled = Handled { forward: Some(Forward::Stale), ..handled };
                return Next::Answer(Box::new(Ok(shared.stale(kept, asked, &self.parts.headers, handled))));
            }
            shared.watch.saw(Outcome::Miss);
            return Next::Answer(Box::new(answer.map(|mut response| {
                handled.write(&shared.policy.rules.name, response.headers_mut());
                shared.policy.tell_tags_of_passing(response.headers_mut(), &self.parts.headers);
                response
            })));
        }
        if let Some(kept) = slot.kept {
            let outcome = if slot.revalidated { Outcome::Revalidated } else { Outcome::Miss };
            shared.watch.saw(outcome);
            let forward = if slot.revalidated { Forward::Stale } else { forward };
            let (forward, stored) = (Some(forward), true);
            let ttl = Some(ttl(&kept, asked));
            let handled = Handled { forward, stored, ttl, ..handled };
            return Next::Answer(Box::new(Ok(shared.response(&kept, asked, &self.parts.headers, handled))));
        }
        match filled {
            Ok(Some(stored)) => match &stored.0 {
                Stored::Response(kept) => self.followed(kept, asked, handled),
                Stored::Varies(_) => Next::Again,
                _ => Next::Pass(handled),
            },
            Err(FillFailed::Load(LoadFailed::Deadline)) => {
                shared.watch.saw(Outcome::Error);
                let handled = Handled { why: Some(Why::Deadline), ..handled };
                Next::Answer(Box::new(Ok(shared.gateway_timeout(handled))))
            }
            Ok(None) | Err(_) => Next::Pass(handled),
        }
    }

    /// Something that was there, or that another request had the handler asked for.
    fn followed(&self, kept: &Arc<Kept>, asked: &Asked, handled: Handled) -> Next<B, E> {
        let shared = &self.shared;
        if asked.credentials && !kept.for_credentials {
            return Next::Pass(Handled::passed(Why::Authorization));
        }
        if kept.arrived >= asked.at {
            shared.watch.saw(Outcome::Collapsed);
            let handled = Handled { collapsed: true, ttl: Some(ttl(kept, asked)), ..handled };
            return Next::Answer(Box::new(Ok(shared.response(kept, asked, &self.parts.headers, handled))));
        }
        if kept.fresh_for(asked.at).is_some() {
            return Next::Answer(Box::new(Ok(shared.hit(kept, asked, &self.parts.headers))));
        }
        let lifetime = kept.lifetime;
        let window = lifetime.stale_while_revalidate.max(lifetime.stale_if_error);
        if kept.stale_for(asked.at) <= window && asked.takes_stale(shared) {
            return Next::Answer(Box::new(Ok(shared.stale(
                kept,
                asked,
                &self.parts.headers,
                Handled { hit: true, ..handled },
            ))));
        }
        Next::Anew
    }
}

/// An entry that is to be filled.
struct Filling<B, E> {
    key: ResponseKey,
    anew: bool,
    surplus: Vec<ResponseKey>,
    /// What the handler told beside what is kept, if it was this request that had it asked.
    told: Box<dyn FnOnce() -> Slot<B, E> + Send>,
}

impl<B, E> Filling<B, E> {
    /// Has the entry filled by whoever comes first, on a task of its own, and waits for it.
    async fn run(self, shared: &Shared) -> (Filled, Slot<B, E>) {
        let Self { key, anew, surplus, told } = self;
        if !surplus.is_empty() {
            shared.cache.invalidator().keys(&surplus).await;
        }
        // It outlives this request, but must read what this request would have to.
        let scope = Scope::with_current(Scope::detached).unwrap_or_default();
        let filled = match shared.fills.spawn(scope.run(load(shared.cache.clone(), key, anew))) {
            Ok(task) => {
                let waited = match Scope::with_current(Scope::remaining).flatten() {
                    Some(left) => timeout(left, task).await,
                    None => Ok(task.await),
                };
                match waited {
                    Ok(Ok(filled)) => filled,
                    Ok(Err(failed)) if failed.is_panic() => resume_unwind(failed.into_panic()),
                    // The runtime is being shut down, or this request's time is over.
                    Ok(Err(_)) | Err(_) => Err(LoadFailed::Deadline.into()),
                }
            }
            Err(load) => Box::pin(load).await,
        };
        Scope::with_current(|outer| outer.absorb(&scope));
        (filled, told())
    }
}

async fn load(cache: Cache<ResponseKey, StoredResponse>, key: ResponseKey, anew: bool) -> Filled {
    if anew {
        return cache.refresh(&key).await.map_err(FillFailed::from);
    }
    let fetch = key.fetch().cloned();
    let load = async |load: &mut Load<StoredResponse>| match fetch {
        Some(fetch) => fetch.fetch(load, true).await,
        None => Err(LoadFailed::NoLoader.into()),
    };
    cache.entry(&key).get_or_load_with(load).await
}

/// How a request goes on after a fill.
enum Next<B, E> {
    Answer(Box<Answer<B, E>>),
    Pass(Handled),
    /// Another key is the right one.
    Again,
    /// What is kept will not do.
    Anew,
}

fn ttl(kept: &Kept, asked: &Asked) -> i64 {
    let age = i64::try_from(kept.age(asked.at)).unwrap_or(i64::MAX);
    i64::try_from(kept.lifetime.fresh).unwrap_or(i64::MAX).saturating_sub(age)
}

impl Shared {
    pub(super) fn hit<B>(
        &self,
        kept: &Kept,
        asked: &Asked,
        headers: &HeaderMap,
    ) -> Response<ResponseBody<B>> {
        self.watch.saw(Outcome::Hit);
        let handled = Handled { hit: true, ttl: Some(ttl(kept, asked)), ..Handled::default() };
        self.response(kept, asked, headers, handled)
    }

    fn stale<B>(
        &self,
        kept: &Kept,
        asked: &Asked,
        headers: &HeaderMap,
        handled: Handled,
    ) -> Response<ResponseBody<B>> {
        self.watch.saw(Outcome::Stale);
        self.response(kept, asked, headers, Handled { ttl: Some(ttl(kept, asked)), ..handled })
    }

    fn response<B>(
        &self,
        kept: &Kept,
        asked: &Asked,
        headers: &HeaderMap,
        handled: Handled,
    ) -> Response<ResponseBody<B>> {
        let mut response = kept.whole();
        let answer = response.headers_mut();
        let age = kept.age(asked.at.max(kept.arrived));
        // What comes straight from its origin has none (RFC 9111 section 5.1).
        if handled.forward_status.is_none() || age > 0 {
            answer.insert(AGE, HeaderValue::from(age));
        }
        handled.write(&self.policy.rules.name, answer);
        self.policy.tell_tags(answer, headers, &kept.tags);
        if kept.is_what_was_there(asked) { unchanged(response) } else { response }
    }

    fn gateway_timeout<B>(&self, handled: Handled) -> Response<ResponseBody<B>> {
        let mut response = Response::new(ResponseBody::from(Ready::Whole(bytes::Bytes::new(), None)));
        *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
        handled.write(&self.policy.rules.name, response.headers_mut());
        response
    }
}
