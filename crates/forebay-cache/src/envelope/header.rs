use super::{
    Entry, Reject,
    checked::{Checked, Fixed, checked},
    compression,
};
#[cfg(feature = "redis")]
use super::{
    encode::{HEADER_BYTES, NO_DURATION},
    prefix::{END_BYTES, ENDED, Kind, VERSION, stamp_of},
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
    /// The id of the key that tags and value are encrypted with, if they are.
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
    /// What it depends on, as far as that is known.
    pub tags: Vec<Tag>,
    /// Whether `tags` are all there are: not when they are encrypted, and were not [opened](super::Form::header).
    pub tags_known: bool,
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
        match checked(envelope, key)? {
            Checked::Tombstone(stamp) => Ok(Self::Tombstone(stamp)),
            Checked::Value(stamp, fixed, body) => EntryHeader::read(stamp, &fixed, body).map(Self::Entry),
        }
    }
}

impl EntryHeader {
    fn read(stamp: Stamp, fixed: &Fixed, mut body: Bytes) -> Result<Self, Reject> {
        let encrypted = fixed.is_encrypted()?;
        let key_id = if encrypted { Some(body.try_get_u32().map_err(|_| Reject::Damaged)?) } else { None };
        let tags = if encrypted { Vec::new() } else { fixed.tags(&mut body)? };
        let Fixed { fingerprint, compression, load, unpacked, age, ttl, stale, fallback, keep, .. } = *fixed;
        Ok(Self {
            stamp,
            fingerprint,
            compression: compression::name(compression),
            key_id,
            age,
            ttl,
            stale,
            fallback,
            keep,
            load,
            tags,
            tags_known: !encrypted,
            value_bytes: unpacked,
            packed_bytes: body.len(),
        })
    }

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
        if !matches!(start[2], VERSION | ENDED) {
            return None;
        }
        if start[3] == Kind::Tombstone as u8 {
            return Some(Self::Tombstone);
        }
        let plain = start.get(44..48).filter(|_| start[3] == Kind::Value as u8)?;
        Some(Self::Entry { plain_bytes: u32::from_be_bytes(plain.try_into().ok()?) })
    }
}

/// Until when a tier keeps an envelope.
#[cfg(feature = "redis")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It has no limit of time.
    Never,
    /// Until then, in milliseconds of Unix time by its server's clock.
    At(u64),
    /// It does not say.
    Unsaid,
    /// It is a tombstone: who reads it need not know.
    Buried,
}

#[cfg(feature = "redis")]
const VALUE: u8 = Kind::Value as u8;
#[cfg(feature = "redis")]
const TOMBSTONE: u8 = Kind::Tombstone as u8;

#[cfg(feature = "redis")]
impl End {
    /// What an envelope says, unchecked.
    pub(crate) fn of(envelope: &[u8]) -> Self {
        if stamp_of(envelope).is_none() {
            return Self::Unsaid;
        }
        let keep = || envelope.get(HEADER_BYTES - 8..HEADER_BYTES);
        match (envelope[2], envelope[3], envelope.split_last_chunk::<END_BYTES>()) {
            (VERSION, TOMBSTONE, _) => Self::Buried,
            (VERSION, VALUE, _) if keep() == Some(&NO_DURATION.to_be_bytes()) => Self::Never,
            (ENDED, VALUE, Some((_, end))) => Self::At(u64::from_be_bytes(*end)),
            _ => Self::Unsaid,
        }
    }
}
