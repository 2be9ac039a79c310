use http::{Response, StatusCode};

/// Why the page of a request cannot be given; answered with a 400 that says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPage {
    /// The size is no number, or out of range.
    #[error("`{parameter}` must be a whole number from 1 to {max}")]
    Size {
        /// The query parameter.
        parameter: String,
        /// The most it can be.
        max: u32,
    },
    /// The cursor is not one that was given out for this list.
    #[error("the cursor is not one of this list: begin again without it")]
    Cursor,
    /// The cursor is longer than [`cursor_bytes_max`](crate::PageConfig::cursor_bytes_max).
    #[error("the cursor is longer than {0} bytes")]
    CursorTooLong(usize),
    /// A parameter is there more than once.
    #[error("`{0}` is given more than once")]
    Repeated(String),
    /// A parameter is not UTF-8.
    #[error("the parameters of the page are not UTF-8")]
    NotText,
}

impl BadPage {
    /// The 400 for it, with `application/problem+json` (RFC 9457).
    #[must_use]
    pub fn response(&self) -> Response<bytes::Bytes> {
        crate::problem::problem(StatusCode::BAD_REQUEST, &self.to_string())
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for BadPage {
    fn into_response(self) -> axum_core::response::Response {
        self.response().map(axum_core::body::Body::from)
    }
}

/// Why cursors cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CursorError {
    /// There is no key.
    #[error("cursor keys: none was given")]
    NoKey,
    /// A key is too short to keep cursors from being made up.
    #[error("cursor keys: one has less than {least} bytes", least = crate::Cursors::<()>::KEY_BYTES_MIN)]
    ShortKey,
    /// The place of a row cannot be written as JSON.
    #[error("cursor: the place of a row cannot be written")]
    Place(#[source] serde_json::Error),
}
