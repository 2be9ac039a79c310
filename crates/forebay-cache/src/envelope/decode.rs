use super::{
    Entry, Limits,
    checksum::checksum,
    encode::{HEADER_BYTES, LZ4, NO_DURATION, PLAIN},
    prefix::{Kind, MAGIC, PREFIX_BYTES, SEALED_BYTES, VERSION, stamp_of},
};
use crate::{Fingerprint, Stamp};
use bytes::{Buf, Bytes};
use forebay_scope::Tag;
use std::time::Duration;

/// The most an lz4 block can unpack to: each byte of a run adds 255.
const LZ4_RATIO_MAX: usize = 255;

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
pub enum Reject {
    /// Not an envelope, or of a version, kind, compression or flag this program does not know.
    Unknown,
    /// Cut, changed on the way, or another key's.
    Damaged,
    /// Written by another codec or at another schema version.
    OtherSchema,
    /// It unpacks to more than [`Limits::unpacked_bytes_max`].
    TooLarge,
}

impl Decoded {
    /// Reads the envelope a tier held under `key`. A payload that was not compressed shares the envelope's memory.
    ///
    /// # Errors
    /// When it is not an entry of `fingerprint`, nor a tombstone. Never panics, whatever the bytes are, and never
    /// takes more memory than `limits` allow.
    pub fn read(
        envelope: &Bytes,
        key: &[u8],
        fingerprint: Fingerprint,
        limits: &Limits,
    ) -> Result<Self, Reject> {
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
                Ok(Self::Tombstone(stamp))
            } else {
                Err(Reject::Unknown)
            };
        }
        if envelope[3] != Kind::Value as u8 || envelope.len() < HEADER_BYTES {
            return Err(Reject::Unknown);
        }
        read_entry(rest, stamp, fingerprint, limits).map(Self::Entry)
    }
}

/// `rest` is everything after the checksum, which was found right, and as long as a header at least.
fn read_entry(
    mut rest: Bytes,
    stamp: Stamp,
    expected: Fingerprint,
    limits: &Limits,
) -> Result<Entry, Reject> {
    let fingerprint = Fingerprint(rest.get_u64());
    if fingerprint != expected {
        return Err(Reject::OtherSchema);
    }
    let (compression, flags) = (rest.get_u8(), rest.get_u8());
    let tag_count = usize::from(rest.get_u16());
    let load = Duration::from_millis(rest.get_u32().into());
    let unpacked = rest.get_u32() as usize;
    let [age, ttl, stale, fallback, keep] = std::array::from_fn(|_| duration(rest.get_u64()));
    if flags != 0 || tag_count > Limits::TAGS_MAX {
        return Err(Reject::Unknown);
    }
    let mut tags = Vec::with_capacity(tag_count);
    for _ in 0..tag_count {
        tags.push(read_tag(&mut rest).ok_or(Reject::Damaged)?);
    }
    let payload = unpack(rest, compression, unpacked, limits)?;
    let age = age.ok_or(Reject::Damaged)?;
    Ok(Entry { stamp, fingerprint, age, ttl, stale, fallback, keep, load, tags, payload })
}

pub(super) fn read_tag(rest: &mut Bytes) -> Option<Tag> {
    let length = usize::from(rest.try_get_u16().ok()?);
    if length > rest.len() {
        return None;
    }
    let text = rest.split_to(length);
    std::str::from_utf8(&text).ok().map(Tag::named)
}

fn unpack(payload: Bytes, compression: u8, unpacked: usize, limits: &Limits) -> Result<Bytes, Reject> {
    if unpacked > limits.unpacked_bytes_max {
        return Err(Reject::TooLarge);
    }
    match compression {
        PLAIN if payload.len() == unpacked => Ok(payload),
        LZ4 if unpacked <= payload.len().saturating_mul(LZ4_RATIO_MAX) => {
            let plain = lz4_flex::block::decompress(&payload, unpacked).map_err(|_| Reject::Damaged)?;
            if plain.len() == unpacked { Ok(plain.into()) } else { Err(Reject::Damaged) }
        }
        PLAIN | LZ4 => Err(Reject::Damaged),
        _ => Err(Reject::Unknown),
    }
}

pub(super) fn duration(millis: u64) -> Option<Duration> {
    (millis != NO_DURATION).then(|| Duration::from_millis(millis))
}
