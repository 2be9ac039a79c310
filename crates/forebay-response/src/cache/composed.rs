use super::{layer::CacheService, response_cache::ResponseCache};
use crate::{ContentTypes, ResponseLayer, ResponseService};
use tower_layer::Layer;

/// A [`ResponseLayer`] around a [`ResponseCache`]; made by [`ResponseLayer::cached`].
///
/// Responses are kept as the handler made them. Validators, ranges and codings are done on the way out, with the encoded
/// forms kept beside.
#[derive(Debug)]
pub struct CachedLayer<E = ContentTypes> {
    outer: ResponseLayer<E>,
    cache: ResponseCache,
}

impl<E> ResponseLayer<E> {
    /// This layer, with a cache of responses inside, in the order that is right. The routes it is put around are those that
    /// are cached; what is kept of them, their responses say.
    #[must_use]
    pub fn cached(self, cache: &ResponseCache) -> CachedLayer<E> {
        CachedLayer { outer: self, cache: cache.clone() }
    }
}

impl<S, E> Layer<S> for CachedLayer<E> {
    type Service = ResponseService<CacheService<S>, E>;

    fn layer(&self, inner: S) -> Self::Service {
        self.outer.layer(self.cache.layer(inner))
    }
}

impl<E> Clone for CachedLayer<E> {
    fn clone(&self) -> Self {
        Self { outer: self.outer.clone(), cache: self.cache.clone() }
    }
}
