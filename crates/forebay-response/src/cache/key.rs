use super::{fetch::Fetch, secondary::part};
use bytes::Bytes;
use forebay_cache::CacheKey;
use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// The key of a response: scheme, host, path, query, and what else the rules make part of it.
///
/// Its text, by which prefixes and patterns are matched, is `scheme://host/path?query`.
#[derive(Clone)]
pub struct ResponseKey {
    /// Its kind, then each part after its length; the first part is the one that people read.
    bytes: Bytes,
    /// Asks the handler again. Not part of the key: what it asks for is.
    fetch: Option<Arc<dyn Fetch>>,
    /// Whether a client waits for what the cache's own loader brings.
    awaited: bool,
}

impl ResponseKey {
    /// A key of these parts; `rest` is written by [`part`].
    pub(crate) fn new(text: &str, kind: Kind, rest: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(TEXT_AT + text.len() + rest.len());
        bytes.push(kind as u8);
        part(&mut bytes, text.as_bytes());
        bytes.extend_from_slice(rest);
        Self { bytes: bytes.into(), fetch: None, awaited: false }
    }

    /// The key of one variant of this resource.
    pub(crate) fn variant(&self, generation: u64, values: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len() + values.len() + 8);
        bytes.extend_from_slice(&self.bytes);
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(values);
        bytes[0] = Kind::Variant as u8;
        Self { bytes: bytes.into(), fetch: None, awaited: false }
    }

    pub(crate) fn fetched_by(&self, fetch: Arc<dyn Fetch>, awaited: bool) -> Self {
        Self { fetch: Some(fetch), awaited, ..self.clone() }
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited
    }

    pub(crate) fn fetch(&self) -> Option<&Arc<dyn Fetch>> {
        self.fetch.as_ref()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// `scheme://host/path?query`, in bytes.
    fn text(&self) -> &[u8] {
        let (head, rest) = self.bytes.split_at(TEXT_AT);
        let length = u64::from_be_bytes(*head.last_chunk().expect("a length stands before the text"));
        &rest[..usize::try_from(length).unwrap_or(rest.len()).min(rest.len())]
    }
}

/// Where the text begins: after the kind and its own length.
const TEXT_AT: usize = 1 + size_of::<u64>();

/// What is kept under a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A resource: its response, or by what its responses vary.
    Resource = 0,
    /// One of several responses of a resource.
    Variant = 1,
    /// How queries of a path are told apart.
    Search = 2,
}

impl PartialEq for ResponseKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for ResponseKey {}

impl Hash for ResponseKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl CacheKey for ResponseKey {
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        f(&self.bytes)
    }

    fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(Self::text(self))
    }
}

impl fmt::Debug for ResponseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResponseKey").field(&CacheKey::text(self)).finish()
    }
}
