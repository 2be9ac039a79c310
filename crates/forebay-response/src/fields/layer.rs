use super::{
    Choice, FieldMask, Fields, FieldsConfig, FieldsWatch,
    body::FilteredBody,
    future::{Asked, FieldsFuture},
    heads::Suffix,
    watch::Outcome,
};
use crate::BoxError;
use forebay_metrics::Meter;
use http::{Method, Request, Response};
use http_body::Body;
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Sends of each JSON response what the request's `fields` parameter selects.
///
/// A [`ResponseLayer`](crate::ResponseLayer) does this itself ([`fields`](crate::ResponseLayerBuilder::fields)), and a cache
/// of responses then has the mask in its key. Alone: put it inside of what tags and encodes what is left, and outside of the
/// handlers. It filters successful responses of `application/json`, `…+json` and NDJSON that are neither encoded nor
/// partial, and leaves all others as they are. A bad mask is answered with a 400; the service is not asked.
///
/// A body of known length, up to [`buffer_bytes_max`](FieldsConfig::buffer_bytes_max), is filtered before the response
/// begins: it has a known length again, and becomes a 502 when it is no JSON. A longer one, or a stream, is filtered as it
/// is sent, frame by frame; when it is no JSON, it is aborted. A tag that the service set is told apart by the mask.
///
/// ```
/// use bytes::Bytes;
/// use forebay_response::{FieldsConfig, FieldsLayer};
/// use http::{Request, Response};
/// use http_body_util::{BodyExt, Full};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let service = ServiceBuilder::new().layer(FieldsLayer::new(FieldsConfig::default())).service(service_fn(
///     async |_: Request<()>| {
///         let body = Full::new(Bytes::from(r#"{"id":7,"name":"Ada","notes":"long"}"#));
///         Response::builder().header("content-type", "application/json").body(body)
///     },
/// ));
/// let request = Request::builder().uri("/users/7?fields=id,name").body(())?;
/// let body = service.oneshot(request).await?.into_body().collect().await?.to_bytes();
/// assert_eq!(body, r#"{"id":7,"name":"Ada"}"#);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct FieldsLayer {
    choice: Arc<Choice>,
}

impl Default for FieldsLayer {
    fn default() -> Self {
        Self::new(FieldsConfig::default())
    }
}

impl FieldsLayer {
    /// A layer with these settings. None of them is out of range: a limit of 0 allows nothing.
    #[must_use]
    pub fn new(config: FieldsConfig) -> Self {
        Self::measured(config, &Meter::default())
    }

    /// [`new`](Self::new), measured there and not at [`Meter::global`].
    #[must_use]
    pub fn measured(config: FieldsConfig, meter: &Meter) -> Self {
        Self { choice: Arc::new(Choice { config, watch: FieldsWatch::new(meter) }) }
    }
}

impl<S> Layer<S> for FieldsLayer {
    type Service = FieldsService<S>;

    fn layer(&self, inner: S) -> FieldsService<S> {
        FieldsService::new(inner, Some(Arc::clone(&self.choice)))
    }
}

/// A service behind a [`FieldsLayer`], or behind a [`ResponseLayer`](crate::ResponseLayer), which may send all responses
/// whole.
#[derive(Debug, Clone)]
pub struct FieldsService<S> {
    inner: S,
    /// None to send every response whole.
    choice: Option<Arc<Choice>>,
}

impl<S> FieldsService<S> {
    pub(crate) fn new(inner: S, choice: Option<Arc<Choice>>) -> Self {
        Self { inner, choice }
    }
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for FieldsService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Response = Response<FilteredBody<B>>;
    type Error = S::Error;
    type Future = FieldsFuture<S::Future, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let Some(choice) = &self.choice else { return FieldsFuture::calling(self.inner.call(request), None) };
        let mask = match request.extensions().get::<Fields>() {
            // A cache in front has it in its key, and has taken it out of the query.
            Some(Fields(mask)) => mask.clone(),
            None => match FieldMask::of_query(request.uri().query().unwrap_or_default(), &choice.config) {
                Ok(mask) => mask,
                Err(bad) => {
                    choice.watch.saw(Outcome::Refused);
                    return FieldsFuture::refused(bad.response());
                }
            },
        };
        request.extensions_mut().insert(Fields(mask.clone()));
        let asked = mask.filter(|mask| !mask.is_whole()).map(|mask| {
            let suffix = Suffix::of(&mask);
            suffix.ask_for_all(request.headers_mut());
            let is_head = request.method() == Method::HEAD;
            Asked { mask, suffix, is_head, choice: Arc::clone(choice) }
        });
        FieldsFuture::calling(self.inner.call(request), asked)
    }
}
