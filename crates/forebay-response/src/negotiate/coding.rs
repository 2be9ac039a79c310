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
    /// Zstandard, RFC 8878 and RFC 9659; `zstd` on the wire and in configuration.
    #[serde(rename = "zstd")]
    Zstd,
    /// Gzip, RFC 1952; also known to clients as `x-gzip`.
    #[serde(rename = "gzip")]
    Gzip,
    /// Deflate in zlib's wrapper, RFC 1950: what HTTP calls `deflate`. Offered last, because some old clients expect
    /// it without the wrapper.
    #[serde(rename = "deflate")]
    Deflate,
}

impl Coding {
    pub(crate) const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Deflate];

    /// The codings this build can produce, in the order in which they are offered by default.
    pub fn compiled() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|coding| coding.is_compiled())
    }

    /// Whether the cargo feature of this coding is on.
    #[must_use]
    pub const fn is_compiled(self) -> bool {
        match self {
            Self::Brotli => cfg!(feature = "brotli"),
            Self::Gzip | Self::Deflate => cfg!(feature = "gzip"),
            Self::Zstd => cfg!(feature = "zstd"),
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
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
            Self::Zstd => ".zs",
            Self::Deflate => ".df",
        }
    }

    /// The revision of the encoder behind it, also a part of the tag: raised when another version of a library gives
    /// other bytes at the same level.
    pub(crate) const fn revision(self) -> &'static str {
        match self {
            Self::Gzip | Self::Deflate if cfg!(feature = "libdeflate") => "d1",
            _ => "1",
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
