use forebay_scope::{Scope, Scoped};
use http::Request;
use std::{
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Opens one [`Scope`] per request, in which the inner service runs.
///
/// Put it outside of everything that reads or writes data. A body that is produced while it is sent runs after
/// the service has returned, outside of the scope; give such a body a clone of the scope if it needs one.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScopeLayer {
    within: Option<Duration>,
}

impl ScopeLayer {
    /// A layer whose scopes have no deadline.
    #[must_use]
    pub const fn new() -> Self {
        Self { within: None }
    }

    /// How long after its arrival a request's answer is worth anything. The scope only carries the deadline:
    /// pools and caches stop waiting at it, the service itself is not interrupted. Default: no deadline.
    #[must_use]
    pub const fn deadline(mut self, within: Duration) -> Self {
        self.within = Some(within);
        self
    }
}

impl<S> Layer<S> for ScopeLayer {
    type Service = ScopeService<S>;

    fn layer(&self, inner: S) -> ScopeService<S> {
        ScopeService { inner, within: self.within }
    }
}

/// A service whose calls run in a scope each; made by [`ScopeLayer`].
#[derive(Debug, Clone)]
pub struct ScopeService<S> {
    inner: S,
    within: Option<Duration>,
}

impl<S, B> Service<Request<B>> for ScopeService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Scoped<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // A deadline too far away for the clock is none.
        let deadline = self.within.and_then(|within| Instant::now().checked_add(within));
        let scope = deadline.map_or_else(Scope::new, Scope::with_deadline);
        scope.run(self.inner.call(request))
    }
}
