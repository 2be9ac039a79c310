use http::StatusCode;

/// Why the body of a request cannot be decoded.
///
/// Found before the service is asked, or while it reads: then reading fails with this error, and whatever the
/// service answers, the client gets the status that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// 415: a coding that is not known here.
    #[error("the request body has a content coding that is not supported")]
    Unsupported,
    /// 415: more codings on top of each other than allowed.
    #[error("the request body has {found} content codings on top of each other, more than {limit}")]
    ChainTooLong {
        /// How many there are.
        found: usize,
        /// How many may be.
        limit: u8,
    },
    /// 413: the decoded body is too long.
    #[error("the decoded request body is longer than {limit} bytes")]
    TooLarge {
        /// How long it may be, in bytes.
        limit: u64,
    },
    /// 413: few bytes become suspiciously many.
    #[error("the request body grows by more than {limit} times when it is decoded")]
    RatioTooHigh {
        /// How many bytes one may become.
        limit: u32,
    },
    /// 400: not what its coding says it is.
    #[error("the request body is not what its content coding says")]
    Malformed,
    /// 400: the coding's own end is missing.
    #[error("the encoded request body ends too early")]
    Truncated,
}

impl DecodeError {
    /// The status that says it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unsupported | Self::ChainTooLong { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } | Self::RatioTooHigh { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed | Self::Truncated => StatusCode::BAD_REQUEST,
        }
    }
}
