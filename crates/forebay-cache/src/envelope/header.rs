use super::{
    Entry, Reject,
    checksum::checksum,
    compression,
    decode::{duration, read_tag},
    encode::{ENCRYPTED, HEADER_BYTES},
    limits::Limits,
    prefix::{Kind, PREFIX_BYTES, SEALED_BYTES, VERSION, stamp_of},
};
use crate::{Fingerprint, Stamp};
use bytes::{Buf, Bytes};
use forebay_scope::Tag;
use std::time::Duration;

/// What an envelope says of itself, without its value: read by tools that know neither the value's type nor its codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// Around a value.
    Entry(EntryHeader),
    /// The key was invalidated; fills with a smaller stamp are refused.
    Tombstone(Stamp),
}

/// The header of an envelope around a value. Durations count from the load; see [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryHeader {
    /// The newest invalidation its load had seen.
    pub stamp: Stamp,
    /// Codec and schema of the value.
    pub fingerprint: Fingerprint,
    /// How the value was packed: `none`, `lz4`, `zstd`, `gzip`, `brotli`, or `unknown` to this program.
    pub compression: &'static str,
    /// The id of the key that tags and value are encrypted with, if they are: the tags are not known then.
    pub key_id: Option<u32>,
    /// How old the value was when it was sent.
    pub age: Duration,
    /// How long it is fresh; `None` until it is invalidated.
    pub ttl: Option<Duration>,
    /// How much longer it may be served while it is loaded again.
    pub stale: Option<Duration>,
    /// How much longer than `ttl` it may be served when loading fails.
    pub fallback: Option<Duration>,
    /// How long the tier was asked to keep it.
    pub keep: Option<Duration>,
    /// How long its load took.
    pub load: Duration,
    /// What it depends on.
    pub tags: Vec<Tag>,
    /// The length of the value as its codec wrote it.
    pub value_bytes: usize,
    /// The length of the value in the envelope; with tags and nonce when it is encrypted.
    pub packed_bytes: usize,
}

impl Header {
    /// Reads the header of the envelope a tier held under `key`.
    ///
    /// # Errors
    /// [`Reject::Unknown`] for another version or kind, [`Reject::Damaged`] for bytes that are cut, changed, or another
    /// key's. Never panics, whatever the bytes are.
    pub fn read(envelope: &Bytes, key: &[u8]) -> Result<Self, Reject> {
        let stamp = stamp_of(envelope).ok_or(Reject::Unknown)?;
        if envelope[2] != VERSION {
            return Err(Reject::Unknown);
        }
        let mut rest = envelope.slice(PREFIX_BYTES..);
        let sum = rest.try_get_u64().map_err(|_| Reject::Damaged)?;
        if sum != checksum(key, &envelope[..PREFIX_BYTES], &rest) {
            return Err(Reject::Damaged);
        }
        if envelope[3] == Kind::Tombstone as u8 && envelope.len() == SEALED_BYTES {
            return Ok(Self::Tombstone(stamp));
        }
        if envelope[3] != Kind::Value as u8 || envelope.len() < HEADER_BYTES {
            return Err(Reject::Unknown);
        }
        read_entry(rest, stamp).map(Self::Entry)
    }
}

/// `rest` is everything after the checksum, and as long as a header at least.
fn read_entry(mut rest: Bytes, stamp: Stamp) -> Result<EntryHeader, Reject> {
    let fingerprint = Fingerprint(rest.get_u64());
    let compression = compression::name(rest.get_u8());
    let encrypted = rest.get_u8() & ENCRYPTED != 0;
    let tag_count = usize::from(rest.get_u16());
    let load = Duration::from_millis(rest.get_u32().into());
    let value_bytes = rest.get_u32() as usize;
    let [age, ttl, stale, fallback, keep] = std::array::from_fn(|_| duration(rest.get_u64()));
    if tag_count > Limits::TAGS_MAX {
        return Err(Reject::Unknown);
    }
    let mut tags = Vec::with_capacity(tag_count);
    let key_id = if encrypted { Some(rest.try_get_u32().map_err(|_| Reject::Damaged)?) } else { None };
    for _ in 0..if encrypted { 0 } else { tag_count } {
        tags.push(read_tag(&mut rest).ok_or(Reject::Damaged)?);
    }
    let age = age.ok_or(Reject::Damaged)?;
    let packed_bytes = rest.len();
    Ok(EntryHeader {
        stamp,
        fingerprint,
        compression,
        key_id,
        age,
        ttl,
        stale,
        fallback,
        keep,
        load,
        tags,
        value_bytes,
        packed_bytes,
    })
}

impl EntryHeader {
    /// The entry's age, given how much longer its tier keeps it; see [`Entry::age_now`].
    #[must_use]
    pub fn age_now(&self, remaining: Option<Duration>) -> Option<Duration> {
        Entry::age_since(self.age, self.keep, remaining)
    }
}

/// What the first bytes of an envelope tell of it, unchecked: for counting.
#[cfg(feature = "redis")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outline {
    Entry { plain_bytes: u32 },
    Tombstone,
}

#[cfg(feature = "redis")]
impl Outline {
    /// `None` when this program does not understand it.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        stamp_of(start)?;
        if start[2] != VERSION {
            return None;
        }
        if start[3] == Kind::Tombstone as u8 {
            return Some(Self::Tombstone);
        }
        let plain = start.get(44..48).filter(|_| start[3] == Kind::Value as u8)?;
        Some(Self::Entry { plain_bytes: u32::from_be_bytes(plain.try_into().ok()?) })
    }
}
