use super::DecodedBody;

/// In which type the service behind a [`RequestDecodingLayer`](crate::RequestDecodingLayer) takes bodies.
pub trait Carry<B>: Clone {
    /// That type.
    type Body;

    /// Wraps a body in it.
    fn carry(&self, body: DecodedBody<B>) -> Self::Body;
}

/// As [`DecodedBody`]: for services that take any body.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecodedBodies;

impl<B> Carry<B> for DecodedBodies {
    type Body = DecodedBody<B>;

    fn carry(&self, body: DecodedBody<B>) -> DecodedBody<B> {
        body
    }
}

/// As axum's own body type, so that the layer fits onto a `Router`.
#[cfg(feature = "axum")]
#[derive(Debug, Clone, Copy, Default)]
pub struct AxumBodies;

#[cfg(feature = "axum")]
impl<B> Carry<B> for AxumBodies
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<crate::BoxError>,
{
    type Body = axum_core::body::Body;

    fn carry(&self, body: DecodedBody<B>) -> axum_core::body::Body {
        axum_core::body::Body::new(body)
    }
}
