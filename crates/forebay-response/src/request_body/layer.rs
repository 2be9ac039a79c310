use super::{
    DecodedBody, RequestDecodingConfig, RequestDecodingFuture,
    carry::{Carry, DecodedBodies},
    chain::Chain,
};
use crate::Error;
use http::{
    Request, Response,
    header::{CONTENT_ENCODING, CONTENT_LENGTH},
};
use http_body::Body;
use http_body_util::{Either, Empty};
use std::{
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Decodes bodies of requests that come with a `Content-Encoding` (gzip, deflate, br; what this build has), piece
/// by piece as they are read, so that a few bytes can never claim more memory than
/// [`RequestDecodingConfig`] allows.
///
/// What is refused is refused with its own status, whatever the service makes of the error it meets while it
/// reads: 415 for a coding that is not known or too many of them, with the known ones in `Accept-Encoding`; 413
/// for a body too long or a ratio too high; 400 for bytes that are not what they say.
///
/// `Content-Encoding`, `Content-Length` and digests of the encoded bytes do not reach the service, because they
/// are not true of what it reads.
///
/// ```
/// # #[cfg(all(feature = "axum", feature = "gzip"))] {
/// use axum::{Router, routing::post};
/// use forebay_response::{RequestDecodingConfig, RequestDecodingLayer};
///
/// let limits = RequestDecodingConfig { body_bytes_max: 1 << 20, ..Default::default() };
/// let routes: Router = Router::new()
///     .route("/", post(async |body: String| body))
///     .layer(RequestDecodingLayer::new(limits)?.for_axum());
/// # }
/// # Ok::<(), forebay_response::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RequestDecodingLayer<C = DecodedBodies> {
    limits: RequestDecodingConfig,
    carry: C,
}

impl RequestDecodingLayer {
    /// A layer whose service takes [`DecodedBody`].
    ///
    /// # Errors
    /// When a limit is out of range.
    pub fn new(limits: RequestDecodingConfig) -> Result<Self, Error> {
        limits.check()?;
        Ok(Self { limits, carry: DecodedBodies })
    }

    /// The same for a service that takes axum's bodies, such as a `Router`.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn for_axum(self) -> RequestDecodingLayer<super::AxumBodies> {
        RequestDecodingLayer { limits: self.limits, carry: super::AxumBodies }
    }
}

impl<S, C: Clone> Layer<S> for RequestDecodingLayer<C> {
    type Service = RequestDecodingService<S, C>;

    fn layer(&self, inner: S) -> RequestDecodingService<S, C> {
        RequestDecodingService { inner, limits: self.limits, carry: self.carry.clone() }
    }
}

/// A service behind a [`RequestDecodingLayer`].
#[derive(Debug, Clone)]
pub struct RequestDecodingService<S, C = DecodedBodies> {
    inner: S,
    limits: RequestDecodingConfig,
    carry: C,
}

impl<S, C, B, Sent> Service<Request<B>> for RequestDecodingService<S, C>
where
    C: Carry<B>,
    S: Service<Request<C::Body>, Response = Response<Sent>>,
    Sent: Body,
{
    type Response = Response<Either<Sent, Empty<Sent::Data>>>;
    type Error = S::Error;
    type Future = RequestDecodingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let chain = match Chain::by(request.headers(), self.limits) {
            Ok(chain) => chain,
            Err(error) => return RequestDecodingFuture::refuse(error),
        };
        let (mut parts, body) = request.into_parts();
        let Some(chain) = chain else {
            let body = self.carry.carry(DecodedBody::plain(body));
            return RequestDecodingFuture::plain(self.inner.call(Request::from_parts(parts, body)));
        };
        parts.headers.remove(CONTENT_ENCODING);
        parts.headers.remove(CONTENT_LENGTH);
        crate::validate::drop_digests(&mut parts.headers);
        let failed = Arc::new(OnceLock::new());
        let body = self.carry.carry(DecodedBody::decoding(body, chain, Arc::clone(&failed)));
        RequestDecodingFuture::decoding(self.inner.call(Request::from_parts(parts, body)), failed)
    }
}
