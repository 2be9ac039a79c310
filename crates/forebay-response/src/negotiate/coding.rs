use http::HeaderValue;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A content coding this crate can produce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Coding {
    /// Brotli, RFC 7932; `br` on the wire and in configuration.
    #[serde(rename = "br", alias = "brotli")]
    Brotli,
    /// Gzip, RFC 1952; also known to clients as `x-gzip`.
    #[serde(rename = "gzip")]
    Gzip,
}

impl Coding {
    pub(crate) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// The codings this build can produce, best ratio first.
    pub fn compiled() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|coding| coding.is_compiled())
    }

    /// Whether the cargo feature of this coding is on.
    #[must_use]
    pub const fn is_compiled(self) -> bool {
        match self {
            Self::Brotli => cfg!(feature = "brotli"),
            Self::Gzip => cfg!(feature = "gzip"),
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    pub(crate) fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(self.token())
    }

    /// What marks a variant of this coding in an entity tag.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}
