use http::{Response, StatusCode};

/// Why the mask of a request cannot be used; answered with a 400 that says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadMask {
    /// Something else was expected at a place of the mask.
    #[error("the field mask has {found} at byte {at}, where {expected} is expected")]
    Syntax {
        /// Where, counted in bytes of the decoded mask from 0.
        at: usize,
        /// What is there.
        found: &'static str,
        /// What should be.
        expected: &'static str,
    },
    /// It is longer than [`mask_bytes_max`](crate::FieldsConfig::mask_bytes_max).
    #[error("the field mask is longer than {0} bytes")]
    TooLong(usize),
    /// It has more names than [`names_max`](crate::FieldsConfig::names_max).
    #[error("the field mask has more than {0} names")]
    TooManyNames(usize),
    /// It has more levels than [`levels_max`](crate::FieldsConfig::levels_max).
    #[error("the field mask has more than {0} levels")]
    TooDeep(usize),
    /// The parameter is there more than once, or in both of its forms.
    #[error("the field mask is given more than once")]
    Repeated,
    /// The parameter is not UTF-8.
    #[error("the field mask is not UTF-8")]
    NotText,
}

impl BadMask {
    /// The 400 for it, with `application/problem+json` (RFC 9457).
    #[must_use]
    pub fn response(&self) -> Response<bytes::Bytes> {
        crate::problem::problem(StatusCode::BAD_REQUEST, &self.to_string())
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for BadMask {
    fn into_response(self) -> axum_core::response::Response {
        self.response().map(axum_core::body::Body::from)
    }
}

/// Why a body could not be filtered. What was let through of it so far is not whole, and must not look as if it were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It is no JSON.
    #[error("the body is not JSON at byte {at}")]
    Syntax {
        /// Where, counted in bytes from 0.
        at: u64,
    },
    /// It ends before its JSON does.
    #[error("the body ends inside of its JSON")]
    Unfinished,
    /// It is nested deeper than [`depth_max`](crate::FieldsConfig::depth_max).
    #[error("the body is nested deeper than {0}")]
    TooDeep(usize),
    /// A key is longer than [`key_bytes_max`](crate::FieldsConfig::key_bytes_max).
    #[error("the body has a key of more than {0} bytes")]
    KeyTooLong(usize),
    /// More than [`resource_bytes_max`](crate::FieldsConfig::resource_bytes_max) of a resource came before its `type`.
    #[error("a resource has more than {0} bytes before its type")]
    ResourceTooLong(usize),
}
