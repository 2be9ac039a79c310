use super::{
    asked::Admission,
    decide::Decision,
    response_cache::ResponseCache,
    serve::{Decided, Serving},
    shared::Shared,
};
use crate::{
    FieldMask, Fields,
    fields::Choice,
    service::{BoxError, Ready, ResponseBody},
};
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// A service whose responses are kept by a [`ResponseCache`].
pub struct CacheService<S> {
    inner: S,
    shared: Arc<Shared>,
    /// Which fields clients may choose, where the inner service selects them.
    fields: Option<Arc<Choice>>,
}

impl<S> CacheService<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>, fields: Option<Arc<Choice>>) -> Self {
        Self { inner, shared, fields }
    }
}

/// Keeps whole responses, and nothing else: put it inside of a [`ResponseLayer`](crate::ResponseLayer), best by
/// [`ResponseLayer::cached`](crate::ResponseLayer::cached).
impl<S> Layer<S> for ResponseCache {
    type Service = CacheService<S>;

    fn layer(&self, inner: S) -> CacheService<S> {
        CacheService::new(inner, self.shared().clone(), None)
    }
}

impl<S, Q, B> Service<Request<Q>> for CacheService<S>
where
    S: Service<Request<Q>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    Q: Body + Default + Send + 'static,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = CacheFuture<B, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        if let Some(choice) = &self.fields {
            match FieldMask::of_query(parts.uri.query().unwrap_or_default(), &choice.config) {
                Ok(mask) => drop(parts.extensions.insert(Fields(mask))),
                Err(bad) => {
                    choice.watch.refused();
                    let refused = bad.response().map(|data| ResponseBody::from(Ready::Whole(data, None)));
                    return CacheFuture { state: State::Hit { hit: Some(refused) } };
                }
            }
        }
        let parameter = self.fields.as_ref().map(|choice| choice.config.parameter.as_str());
        let decided = match self.shared.admit(&mut parts, !body.is_end_stream(), parameter) {
            Admission::LookUp(asked) => match self.shared.decide(&asked, &parts.headers) {
                Decision::Serve(kept) => {
                    let hit = self.shared.hit(&kept, &asked, &parts.headers);
                    return CacheFuture { state: State::Hit { hit: Some(hit) } };
                }
                decision => Decided::LookUp(Box::new((asked, decision))),
            },
            Admission::Pass(why) => Decided::Pass(why),
            Admission::Unsafe(target) => Decided::Unsafe(target),
        };
        // The one that was asked whether it is ready is the one to call.
        let next = self.inner.clone();
        let service = std::mem::replace(&mut self.inner, next);
        let serving = Serving { shared: self.shared.clone(), service, parts, body };
        CacheFuture { state: State::Serving { serving: Box::pin(serving.run(decided)) } }
    }
}

pin_project! {
    /// The response of a [`CacheService`].
    ///
    /// Dropping it does not end a fill that others may wait for.
    pub struct CacheFuture<B, E> {
        #[pin]
        state: State<B, E>,
    }
}

type BoxedAnswer<B, E> = Pin<Box<dyn Future<Output = Result<Response<ResponseBody<B>>, E>> + Send>>;

pin_project! {
    #[project = StateProjection]
    enum State<B, E> {
        Hit { hit: Option<Response<ResponseBody<B>>> },
        Serving { serving: BoxedAnswer<B, E> },
    }
}

impl<B, E> Future for CacheFuture<B, E> {
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Hit { hit } => {
                Poll::Ready(Ok(hit.take().expect("not polled after it was ready")))
            }
            StateProjection::Serving { serving } => serving.as_mut().poll(cx),
        }
    }
}

impl<S: Clone> Clone for CacheService<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: self.shared.clone(), fields: self.fields.clone() }
    }
}

impl<S: fmt::Debug> fmt::Debug for CacheService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<B, E> fmt::Debug for CacheFuture<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheFuture").finish_non_exhaustive()
    }
}
