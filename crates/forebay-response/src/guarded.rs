use http::{HeaderMap, HeaderName, Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Marks responses that hold a secret (a CSRF token, a session's data) **and** text that the request chose: the
/// two together let an attacker guess the secret from the length of the compressed body (BREACH).
///
/// Such a response is encoded only for requests that a page of the same origin made, or the user himself
/// (`Sec-Fetch-Site: same-origin` or `none`); for all others, and where the browser does not say, it is sent
/// plain. What is encoded is padded by up to 40 bytes that depend on the content, at each flush where it
/// is a stream, as a second line: it makes guesses costlier and does not make them impossible. Its forms are not kept, its tags are weak, and `Vary`
/// names `Sec-Fetch-Site`.
///
/// It marks a route as a layer (inside of the [`ResponseLayer`](crate::ResponseLayer)), or one response as an
/// extension; with feature `axum` a handler can return it beside the body.
///
/// ```
/// use forebay_response::SecretAndReflected;
/// let mut response = http::Response::new("token=…&you asked for …");
/// response.extensions_mut().insert(SecretAndReflected);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecretAndReflected;

/// Says where a request comes from (Fetch Metadata).
pub(crate) static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether no other site can have made the request. A sibling domain is another site: it may be the attacker's.
pub(crate) fn is_own_request(headers: &HeaderMap) -> bool {
    headers.get(&SEC_FETCH_SITE).is_some_and(|site| site == "same-origin" || site == "none")
}

impl<S> Layer<S> for SecretAndReflected {
    type Service = SecretAndReflectedService<S>;

    fn layer(&self, inner: S) -> SecretAndReflectedService<S> {
        SecretAndReflectedService { inner }
    }
}

/// A service whose responses are marked; made by [`SecretAndReflected`].
#[derive(Debug, Clone)]
pub struct SecretAndReflectedService<S> {
    inner: S,
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for SecretAndReflectedService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = SecretAndReflectedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        SecretAndReflectedFuture { call: self.inner.call(request) }
    }
}

pin_project! {
    /// The response of a [`SecretAndReflectedService`].
    #[derive(Debug)]
    pub struct SecretAndReflectedFuture<F> {
        #[pin]
        call: F,
    }
}

impl<F, B, Failure> Future for SecretAndReflectedFuture<F>
where
    F: Future<Output = Result<Response<B>, Failure>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut response = ready!(self.project().call.poll(cx))?;
        response.extensions_mut().insert(SecretAndReflected);
        Poll::Ready(Ok(response))
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponseParts for SecretAndReflected {
    type Error = std::convert::Infallible;

    fn into_response_parts(
        self,
        mut response: axum_core::response::ResponseParts,
    ) -> Result<axum_core::response::ResponseParts, Self::Error> {
        response.extensions_mut().insert(self);
        Ok(response)
    }
}
