//! Which of a request's extensions the handler sees while an entry is filled.

use http::{Extensions, request::Parts};
use std::any::TypeId;

/// What is known of extensions, type by type: they can be counted, but not listed.
#[derive(Debug)]
pub(crate) struct Known(Vec<Declared>);

#[derive(Debug)]
struct Declared {
    of: TypeId,
    is_there: fn(&Extensions) -> bool,
    /// Makes it what the handler may see, by the query that is in the key.
    reduce: fn(&mut Extensions, Option<&str>),
}

trait Extension: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Extension for T {}

impl Default for Known {
    fn default() -> Self {
        let mut known = Self(Vec::new());
        // The mask is in the key.
        known.forward::<crate::Fields>();
        #[cfg(feature = "paging")]
        known.forward::<crate::PageConfig>();
        #[cfg(feature = "axum")]
        routed::declare(&mut known);
        known
    }
}

impl Known {
    /// Those of this type reach the handler.
    pub(crate) fn forward<T: Clone + Send + Sync + 'static>(&mut self) {
        self.declare::<T>(|_, _| ());
    }

    /// Those of this type are taken away.
    pub(crate) fn ignore<T: Clone + Send + Sync + 'static>(&mut self) {
        self.declare::<T>(|extensions, _| drop(extensions.remove::<T>()));
    }

    fn declare<T: Extension>(&mut self, reduce: fn(&mut Extensions, Option<&str>)) {
        let of = TypeId::of::<T>();
        // Each is counted once.
        self.0.retain(|known| known.of != of);
        self.0.push(Declared { of, is_there: |extensions| extensions.get::<T>().is_some(), reduce });
    }

    /// Whether there is one of which nothing is known.
    pub(crate) fn is_exceeded_by(&self, parts: &mut Parts) -> bool {
        let all = parts.extensions.len();
        if all == 0 {
            return false;
        }
        let known = self.0.iter().filter(|known| (known.is_there)(&parts.extensions)).count();
        match all.saturating_sub(known) {
            0 => false,
            1 => !has_path_parameters(parts),
            _ => true,
        }
    }

    /// Leaves what the handler may see.
    pub(crate) fn reduce(&self, extensions: &mut Extensions, query: Option<&str>) {
        for known in &self.0 {
            (known.reduce)(extensions, query);
        }
    }
}

#[cfg(feature = "axum")]
use routed::has_path_parameters;

#[cfg(not(feature = "axum"))]
fn has_path_parameters(_: &mut Parts) -> bool {
    false
}

#[cfg(feature = "axum")]
mod routed {
    use super::{super::view::with_query, Known};
    use axum::extract::{
        FromRequestParts as _, MatchedPath, NestedPath, OriginalUri, Path, rejection::PathRejection,
    };
    use http::{Extensions, request::Parts};
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    /// What axum's router adds is made from the path, which is in the key, and from the whole target.
    pub(super) fn declare(known: &mut Known) {
        known.forward::<MatchedPath>();
        known.forward::<NestedPath>();
        known.declare::<OriginalUri>(reduce_target);
    }

    fn reduce_target(extensions: &mut Extensions, query: Option<&str>) {
        if let Some(original) = extensions.get_mut::<OriginalUri>()
            && let Some(reduced) = with_query(&original.0, query)
        {
            original.0 = reduced;
        }
    }

    /// Whether the parameters of the path are there. Their type has no public name, so they are asked for.
    pub(super) fn has_path_parameters(parts: &mut Parts) -> bool {
        let found = pin!(Path::<()>::from_request_parts(parts, &()));
        match found.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(PathRejection::MissingPathParams(_))) | Poll::Pending => false,
            Poll::Ready(_) => true,
        }
    }
}
