use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt, fmt::Write as _, sync::Arc};

/// A label on cached values by which they are invalidated together, written `kind:id`.
///
/// Cloning is one reference count. Two tags are the same when their text is the same.
///
/// ```
/// use forebay_scope::Tag;
/// assert_eq!(Tag::of("user", 7).as_str(), "user:7");
/// assert_eq!(Tag::named("prices").as_str(), "prices");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(Arc<str>);

impl Tag {
    /// The tag of one thing of a kind: `Tag::of("user", 7)` is `user:7`.
    #[must_use]
    pub fn of(kind: &str, id: impl fmt::Display) -> Self {
        let mut text = String::with_capacity(kind.len() + 24);
        text.push_str(kind);
        text.push(':');
        let written = write!(text, "{id}");
        debug_assert!(written.is_ok(), "writing to a String does not fail");
        Self(text.into())
    }

    /// A tag that stands alone, such as `prices`.
    #[must_use]
    pub fn named(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The tag's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Tag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({})", self.0)
    }
}

/// The tags of everything read so far in a scope, without repeats, in the order first seen.
///
/// It holds at most [`TagsRead::MAX`] tags. A scope that read more is *overflowed*: what it built depends on
/// more than the list says, so whoever stores it must not rely on the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagsRead {
    tags: Vec<Tag>,
    overflowed: bool,
}

impl TagsRead {
    /// How many different tags are kept: more than one response can usefully carry in a header.
    pub const MAX: usize = 256;

    /// The tags, first seen first.
    #[must_use]
    pub fn as_slice(&self) -> &[Tag] {
        &self.tags
    }

    /// Whether more than [`TagsRead::MAX`] different tags were read, so that the list is incomplete.
    #[must_use]
    pub const fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(crate) fn add(&mut self, tag: Tag) {
        // Linear on purpose: a request reads a handful of tags, and a scan of a few pointers beats a set.
        // Once overflowed, nothing changes any more, and a scope that reads thousands stops paying for the scan.
        if self.overflowed || self.tags.contains(&tag) {
            return;
        }
        if self.tags.len() == Self::MAX {
            self.overflowed = true;
            return;
        }
        self.tags.push(tag);
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.overflowed |= other.overflowed;
        for tag in other.tags {
            self.add(tag);
        }
    }
}
