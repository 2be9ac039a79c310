use super::glob::{Piece, matches, pieces, written};
use std::fmt;

/// Which keys an invalidation hits, by their [text](crate::CacheKey::text).
///
/// `*` stands for any characters, also none and also `:`; `?` for one character; a `\` takes the meaning from the one
/// after it. The whole text must match. Every text is a pattern; two that are written differently but are made of the same
/// pieces are equal.
///
/// ```
/// use forebay_cache::Pattern;
///
/// let boards = Pattern::new("user:*:dashboard");
/// assert!(boards.matches("user:7:dashboard") && !boards.matches("user:7:page"));
/// assert_eq!(Pattern::prefix("50*"), Pattern::new(r"50\**"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// A longer one hits every key it could be about.
    pub(crate) const BYTES_MAX: usize = 1024;

    /// The pattern as it is written.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(written(&pieces(pattern)).into())
    }

    /// Every key whose text begins with `prefix`, in which no character has a special meaning.
    #[must_use]
    pub fn prefix(prefix: &str) -> Self {
        let plain = prefix.chars().map(Piece::Char);
        Self(written(&plain.chain([Piece::Many]).collect::<Vec<_>>()).into())
    }

    /// The pattern as it is written, in its shortest form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a key with this text is hit.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.pieces(), text)
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        pieces(&self.0)
    }
}

impl From<&str> for Pattern {
    fn from(pattern: &str) -> Self {
        Self::new(pattern)
    }
}

impl From<&String> for Pattern {
    fn from(pattern: &String) -> Self {
        Self::new(pattern)
    }
}

impl From<String> for Pattern {
    fn from(pattern: String) -> Self {
        Self::new(&pattern)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
