use super::{
    Entry, Form, Limits,
    checksum::checksum,
    compression::unpack,
    encode::{ENCRYPTED, HEADER_BYTES, NO_DURATION},
    prefix::{Kind, MAGIC, PREFIX_BYTES, SEALED_BYTES, VERSION, stamp_of},
    sealed,
};
use crate::{Fingerprint, Stamp};
use bytes::{Buf, Bytes};
use forebay_scope::Tag;
use std::time::Duration;

/// What a tier held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A value.
    Entry(Entry),
    /// The key was invalidated: a miss, and nothing loaded under a smaller stamp may be stored.
    Tombstone(Stamp),
}

/// Why bytes from a tier are a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reject {
    /// Not an envelope, or of a version, kind or flag this program does not know.
    Unknown,
    /// Cut, changed on the way, or another key's.
    Damaged,
    /// Written by another codec or at another schema version.
    OtherSchema,
    /// It unpacks to more than [`Limits::unpacked_bytes_max`].
    TooLarge,
    /// Compressed in a way this build cannot unpack.
    OtherCompression,
    /// Encrypted with a key this program does not have.
    NoKey,
    /// Encrypted, and changed since; or the key of this id is another one.
    Forged,
    /// Not encrypted, where this program encrypts.
    NotEncrypted,
}

impl Decoded {
    /// [`Form::decode`] for entries that are not encrypted.
    ///
    /// # Errors
    /// See there.
    pub fn read(
        envelope: &Bytes,
        key: &[u8],
        fingerprint: Fingerprint,
        limits: &Limits,
    ) -> Result<Self, Reject> {
        Form::new(*limits).decode(envelope, key, fingerprint)
    }
}

impl Form {
    /// Reads the envelope a tier held under `key`. A payload that was neither compressed nor encrypted shares the
    /// envelope's memory.
    ///
    /// # Errors
    /// When it is not an entry of `fingerprint`, nor a tombstone. Never panics, whatever the bytes are, and never
    /// takes more memory than the limits allow.
    pub fn decode(&self, envelope: &Bytes, key: &[u8], fingerprint: Fingerprint) -> Result<Decoded, Reject> {
        let Some(stamp) = stamp_of(envelope) else {
            return Err(if MAGIC.starts_with(&envelope[..envelope.len().min(2)]) {
                Reject::Damaged
            } else {
                Reject::Unknown
            });
        };
        if envelope[2] != VERSION {
            return Err(Reject::Unknown);
        }
        let mut rest = envelope.slice(PREFIX_BYTES..);
        let sum = rest.try_get_u64().map_err(|_| Reject::Damaged)?;
        if sum != checksum(key, &envelope[..PREFIX_BYTES], &rest) {
            return Err(Reject::Damaged);
        }
        if envelope[3] == Kind::Tombstone as u8 {
            return if envelope.len() == SEALED_BYTES {
                Ok(Decoded::Tombstone(stamp))
            } else {
                Err(Reject::Unknown)
            };
        }
        if envelope[3] != Kind::Value as u8 || envelope.len() < HEADER_BYTES {
            return Err(Reject::Unknown);
        }
        self.read_entry(envelope, key, stamp, fingerprint).map(Decoded::Entry)
    }

    /// The checksum was found right, and the envelope as long as a header at least.
    fn read_entry(
        &self,
        envelope: &Bytes,
        key: &[u8],
        stamp: Stamp,
        expected: Fingerprint,
    ) -> Result<Entry, Reject> {
        let mut rest = envelope.slice(SEALED_BYTES..);
        let fingerprint = Fingerprint(rest.get_u64());
        if fingerprint != expected {
            return Err(Reject::OtherSchema);
        }
        let (compression, flags) = (rest.get_u8(), rest.get_u8());
        let tag_count = usize::from(rest.get_u16());
        let load = Duration::from_millis(rest.get_u32().into());
        let unpacked = rest.get_u32() as usize;
        let [age, ttl, stale, fallback, keep] = std::array::from_fn(|_| duration(rest.get_u64()));
        if tag_count > Limits::TAGS_MAX {
            return Err(Reject::Unknown);
        }
        if unpacked > self.limits.unpacked_bytes_max {
            return Err(Reject::TooLarge);
        }
        let mut rest = match flags {
            0 => self.plain(rest)?,
            ENCRYPTED => self.open(envelope, key, &rest)?,
            _ => return Err(Reject::Unknown),
        };
        let mut tags = Vec::with_capacity(tag_count);
        for _ in 0..tag_count {
            tags.push(read_tag(&mut rest).ok_or(Reject::Damaged)?);
        }
        let payload = unpack(rest, compression, unpacked)?;
        let age = age.ok_or(Reject::Damaged)?;
        Ok(Entry { stamp, fingerprint, age, ttl, stale, fallback, keep, load, tags, payload })
    }

    fn plain(&self, body: Bytes) -> Result<Bytes, Reject> {
        let encrypts = self.keyring.as_ref().is_some_and(|keyring| !keyring.takes_plain());
        if encrypts { Err(Reject::NotEncrypted) } else { Ok(body) }
    }

    fn open(&self, envelope: &Bytes, key: &[u8], body: &[u8]) -> Result<Bytes, Reject> {
        let keyring = self.keyring.as_ref().ok_or(Reject::NoKey)?;
        let header = [&envelope[..PREFIX_BYTES], &envelope[SEALED_BYTES..HEADER_BYTES]];
        sealed::open(keyring, key, header, body)
    }
}

pub(super) fn read_tag(rest: &mut Bytes) -> Option<Tag> {
    let length = usize::from(rest.try_get_u16().ok()?);
    if length > rest.len() {
        return None;
    }
    let text = rest.split_to(length);
    std::str::from_utf8(&text).ok().map(Tag::named)
}

pub(super) fn duration(millis: u64) -> Option<Duration> {
    (millis != NO_DURATION).then(|| Duration::from_millis(millis))
}
