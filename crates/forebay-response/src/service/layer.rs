use super::{
    asked::Asked,
    body::{BoxError, ResponseBody},
    builder::ResponseLayerBuilder,
    future::ResponseFuture,
    mode::{ResponseMode, Switch},
    routes::Routes,
};
use crate::{
    Coding, ContentTypes, Eligible, FieldsService, ResponseConfig,
    encode::{Budget, Encoders, Learned, Upgrades},
    fields::Choice,
    metrics::Watch,
    variants::Variants,
};
use http::{Request, Response};
use http_body::Body;
use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Negotiation, content coding, validators and 304 for every response of a service.
///
/// Cloning is one reference count; all clones, and all services made from them, share encoders and the store
/// of encoded forms. See the [crate's page](crate) for what it does, [`ResponseConfig`] for its settings.
pub struct ResponseLayer<E = ContentTypes> {
    shared: Arc<Shared<E>>,
    /// Which fields clients may choose; none for responses that are always whole.
    fields: Option<Arc<Choice>>,
}

/// What the services of one layer have in common.
pub(crate) struct Shared<E> {
    pub(crate) config: ResponseConfig,
    pub(crate) eligible: E,
    pub(crate) encoders: Encoders,
    pub(crate) budget: Arc<Budget>,
    /// None when the configuration says from which length on bodies are encoded.
    pub(crate) learned: Option<Learned>,
    /// None when the configuration gives it no memory.
    pub(crate) variants: Option<Arc<Variants>>,
    pub(crate) upgrades: Upgrades,
    pub(crate) watch: Watch,
    pub(crate) mode: Switch,
    pub(crate) routes: Routes,
}

impl ResponseLayer {
    /// Starts from the default configuration.
    pub fn builder() -> ResponseLayerBuilder {
        ResponseLayerBuilder::new()
    }
}

impl<E> ResponseLayer<E> {
    pub(crate) fn new(shared: Shared<E>, fields: Option<Choice>) -> Self {
        Self { shared: Arc::new(shared), fields: fields.map(Arc::new) }
    }

    /// All of this layer but the choice of fields.
    pub(crate) fn around<S>(&self, inner: S) -> ResponseService<S, E> {
        ResponseService { inner, shared: Arc::clone(&self.shared) }
    }

    pub(crate) fn fields(&self) -> Option<Arc<Choice>> {
        self.fields.clone()
    }

    /// Whether it takes part.
    #[must_use]
    pub fn mode(&self) -> ResponseMode {
        self.shared.mode.get()
    }

    /// Changes whether it takes part, for all its services; responses that have begun go on as they began.
    pub fn set_mode(&self, mode: ResponseMode) {
        self.shared.mode.set(mode);
    }

    /// The settings it was built with.
    #[must_use]
    pub fn config(&self) -> &ResponseConfig {
        &self.shared.config
    }
}

impl<E> Shared<E> {
    /// The best coding the client accepts, by the server's ranking for bodies that are kept or sent once.
    pub(crate) fn choose(&self, asked: &Asked, kept: bool) -> Option<Coding> {
        let offered = &self.config.codings;
        let quick = self.config.quick.iter().filter(|coding| !kept && offered.contains(coding));
        quick.chain(offered).copied().find(|&coding| asked.accepts.allows(coding))
    }
}

impl<S, E> Layer<S> for ResponseLayer<E> {
    type Service = ResponseService<FieldsService<S>, E>;

    fn layer(&self, inner: S) -> Self::Service {
        self.around(FieldsService::new(inner, self.fields()))
    }
}

/// A service behind a [`ResponseLayer`].
pub struct ResponseService<S, E = ContentTypes> {
    inner: S,
    shared: Arc<Shared<E>>,
}

impl<S, E, RequestBody, B> Service<Request<RequestBody>> for ResponseService<S, E>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    E: Eligible,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B, E>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let route = self.shared.routes.of(request.extensions());
        let asked = Asked::of(&request, &self.shared.config, route.kind);
        ResponseFuture::new(self.inner.call(request), asked, route, Arc::clone(&self.shared))
    }
}

impl<E> Clone for ResponseLayer<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), fields: self.fields.clone() }
    }
}

impl<S: Clone, E> Clone for ResponseService<S, E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for ResponseLayer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseLayer").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, E> fmt::Debug for ResponseService<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
