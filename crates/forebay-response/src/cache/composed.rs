use super::{layer::CacheService, response_cache::ResponseCache};
use crate::{ContentTypes, FieldsService, ResponseLayer, ResponseService};
use tower_layer::Layer;

/// A [`ResponseLayer`] around a [`ResponseCache`]; made by [`ResponseLayer::cached`].
///
/// Responses are kept as the handler made them, or as much of them as the request's field mask selects
/// ([`fields`](crate::ResponseLayerBuilder::fields)): the mask is part of the key. Validators, ranges and codings are done on the way out, with the encoded
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
    type Service = ResponseService<CacheService<FieldsService<S>>, E>;

    fn layer(&self, inner: S) -> Self::Service {
        let fields = self.outer.fields();
        let chosen = FieldsService::new(inner, fields.clone());
        self.outer.around(CacheService::new(chosen, self.cache.shared().clone(), fields))
    }
}

impl<E> Clone for CachedLayer<E> {
    fn clone(&self) -> Self {
        Self { outer: self.outer.clone(), cache: self.cache.clone() }
    }
}
