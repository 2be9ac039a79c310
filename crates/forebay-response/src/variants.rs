use crate::{Coding, validate::BodyTag};
use bytes::Bytes;
use http::HeaderValue;
use quick_cache::{Weighter, sync::Cache};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// One form of a body, with the headers that belong to exactly these bytes.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) body: Bytes,
    pub(crate) content_length: HeaderValue,
    /// The strong tag of these bytes.
    pub(crate) etag: HeaderValue,
    /// The level it was encoded at; 0 for the plain one.
    pub(crate) level: u32,
}

impl Variant {
    pub(crate) fn identity(body: Bytes, tag: BodyTag) -> Self {
        Self { content_length: HeaderValue::from(body.len()), etag: tag.identity(), level: 0, body }
    }

    pub(crate) fn encoded(body: Bytes, tag: BodyTag, coding: Coding, level: u32) -> Self {
        Self { content_length: HeaderValue::from(body.len()), etag: tag.variant(coding, level), level, body }
    }
}

/// Encoded forms of bodies that were seen before, within a bound of memory.
#[derive(Debug)]
pub(crate) struct Variants {
    store: Cache<Key, Arc<Stored>, Weight>,
}

/// What a body is encoded to depends on nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) tag: BodyTag,
    pub(crate) length: usize,
    pub(crate) coding: Coding,
    pub(crate) level: u32,
}

#[derive(Debug)]
struct Stored {
    /// The body itself, compared on every hit: two bodies made to share a hash must not share an answer.
    body: Bytes,
    /// Nothing when the encoded form is no shorter.
    variant: Option<Variant>,
    /// How often it was sent, until that is often enough.
    sent: AtomicU32,
}

#[derive(Debug, Clone)]
struct Weight;

/// The keys, counts and headers of one entry.
const ENTRY_BYTES: u64 = 320;

impl Weighter<Key, Arc<Stored>> for Weight {
    fn weight(&self, _: &Key, stored: &Arc<Stored>) -> u64 {
        let encoded = stored.variant.as_ref().map_or(0, |variant| variant.body.len());
        (stored.body.len() + encoded) as u64 + ENTRY_BYTES
    }
}

/// What is known of an encoded form.
pub(crate) enum Known {
    /// It was made before.
    Variant(Variant),
    /// It was tried before and is no shorter than the body.
    NoGain,
    /// Nothing.
    Unknown,
}

impl Variants {
    pub(crate) fn new(bytes_max: u64) -> Self {
        // An estimate of the number of entries, for the size of the tables: bodies of 16 KiB.
        let entries = usize::try_from(bytes_max >> 14).unwrap_or(usize::MAX).clamp(16, 1 << 16);
        Self { store: Cache::with_weighter(entries, bytes_max, Weight) }
    }

    pub(crate) fn get(&self, key: &Key, body: &Bytes) -> Known {
        match self.store.get(key) {
            Some(stored) if stored.body == *body => match &stored.variant {
                Some(variant) => Known::Variant(variant.clone()),
                None => Known::NoGain,
            },
            _ => Known::Unknown,
        }
    }

    /// Counts a response, and says of one whether they have become many.
    pub(crate) fn is_hot(&self, key: &Key, hits: u32) -> bool {
        self.store.get(key).is_some_and(|stored| {
            let sent = &stored.sent;
            sent.load(Ordering::Relaxed) < hits && sent.fetch_add(1, Ordering::Relaxed) + 1 == hits
        })
    }

    /// Begins to count anew.
    pub(crate) fn cool(&self, key: &Key) {
        if let Some(stored) = self.store.get(key) {
            stored.sent.store(0, Ordering::Relaxed);
        }
    }

    /// Puts a shorter form in the place of one that is still there; whether that was so.
    pub(crate) fn upgrade(&self, key: &Key, body: &Bytes, better: Variant) -> bool {
        let Some(stored) = self.store.get(key).filter(|stored| stored.body == *body) else { return false };
        let shorter = stored.variant.as_ref().is_some_and(|variant| better.body.len() < variant.body.len());
        if shorter {
            let (body, sent) = (stored.body.clone(), AtomicU32::new(u32::MAX));
            self.store.insert(key.clone(), Arc::new(Stored { body, variant: Some(better), sent }));
        }
        shorter
    }

    pub(crate) fn put(&self, key: Key, body: &[u8], variant: Option<Variant>) {
        // A copy, because the handler's bytes may be a small part of a large buffer that the bound would not see.
        let body = Bytes::copy_from_slice(body);
        self.store.insert(key, Arc::new(Stored { body, variant, sent: AtomicU32::new(0) }));
    }
}
