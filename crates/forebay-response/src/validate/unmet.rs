use super::Validators;
use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, ETAG},
};
use http_body_util::Empty;

/// Why a request is not carried out; see [`Preconditions`](crate::Preconditions). With feature `axum` it is a
/// response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unmet {
    /// 304: the client has what it asks for.
    #[error("the client's copy is current")]
    NotModified {
        /// The tag of the client's copy, where it named one.
        etag: Option<HeaderValue>,
        /// The present state.
        current: Box<Validators>,
    },
    /// 412: the client insists on a state that is not the present one.
    #[error("a precondition of the request does not hold")]
    Failed,
    /// 428: the client does not say which state it knows.
    #[error("the request must say which state it is meant for (If-Match or If-Unmodified-Since)")]
    Required,
}

impl Unmet {
    /// The status that says it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotModified { .. } => StatusCode::NOT_MODIFIED,
            Self::Failed => StatusCode::PRECONDITION_FAILED,
            Self::Required => StatusCode::PRECONDITION_REQUIRED,
        }
    }

    /// The response that says it, without a body. A 304 has the validators; put on it what the 200 would say of
    /// caching (RFC 9110 section 15.4.5).
    #[must_use]
    pub fn into_response(self) -> Response<Empty<Bytes>> {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        match self {
            Self::NotModified { etag, current } => {
                current.apply(headers);
                if let Some(etag) = etag {
                    headers.insert(ETAG, etag);
                }
            }
            Self::Failed | Self::Required => {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
        }
        response
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for Unmet {
    fn into_response(self) -> axum_core::response::Response {
        Self::into_response(self).map(axum_core::body::Body::new)
    }
}
