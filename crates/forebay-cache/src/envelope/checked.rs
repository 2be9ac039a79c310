use super::{
    Limits, Reject,
    checksum::checksum,
    encode::{ENCRYPTED, HEADER_BYTES, NO_DURATION},
    prefix::{END_BYTES, ENDED, Kind, MAGIC, PREFIX_BYTES, SEALED_BYTES, VERSION, as_made, stamp_of},
};
use crate::{Fingerprint, Stamp};
use bytes::{Buf, Bytes};
use forebay_scope::Tag;
use std::time::Duration;

/// An envelope of this version whose checksum was found right.
pub(super) enum Checked {
    Tombstone(Stamp),
    /// Around a value; the rest is what stands behind the header.
    Value(Stamp, Fixed, Bytes),
}

/// The header behind the checksum.
pub(super) struct Fixed {
    pub(super) fingerprint: Fingerprint,
    pub(super) compression: u8,
    pub(super) flags: u8,
    pub(super) tag_count: usize,
    pub(super) load: Duration,
    /// The value's length before compression.
    pub(super) unpacked: usize,
    pub(super) age: Duration,
    pub(super) ttl: Option<Duration>,
    pub(super) stale: Option<Duration>,
    pub(super) fallback: Option<Duration>,
    pub(super) keep: Option<Duration>,
}

/// Reads the envelope a tier held under `key` as far as everyone can.
pub(super) fn checked(envelope: &Bytes, key: &[u8]) -> Result<Checked, Reject> {
    let Some(stamp) = stamp_of(envelope) else {
        let cut = MAGIC.starts_with(&envelope[..envelope.len().min(2)]);
        return Err(if cut { Reject::Damaged } else { Reject::Unknown });
    };
    let made = match envelope[2] {
        VERSION => envelope.len(),
        ENDED if envelope[3] == Kind::Value as u8 => envelope
            .len()
            .checked_sub(END_BYTES)
            .filter(|made| *made >= PREFIX_BYTES)
            .ok_or(Reject::Damaged)?,
        _ => return Err(Reject::Unknown),
    };
    let mut rest = envelope.slice(PREFIX_BYTES..made);
    let sum = rest.try_get_u64().map_err(|_| Reject::Damaged)?;
    if sum != checksum(key, &made_with(envelope), &rest) {
        return Err(Reject::Damaged);
    }
    match envelope[3] {
        kind if kind == Kind::Tombstone as u8 && made == SEALED_BYTES => Ok(Checked::Tombstone(stamp)),
        kind if kind == Kind::Value as u8 && made >= HEADER_BYTES => {
            let fixed = Fixed::read(&mut rest)?;
            Ok(Checked::Value(stamp, fixed, rest))
        }
        _ => Err(Reject::Unknown),
    }
}

/// The prefix that an envelope's checksum and encryption are bound to.
pub(super) fn made_with(envelope: &[u8]) -> [u8; PREFIX_BYTES] {
    envelope.first_chunk().map_or([0; PREFIX_BYTES], as_made)
}

impl Fixed {
    /// Reads a header, which `rest` has the bytes of, and leaves what is behind it.
    fn read(rest: &mut Bytes) -> Result<Self, Reject> {
        let fingerprint = Fingerprint(rest.get_u64());
        let (compression, flags) = (rest.get_u8(), rest.get_u8());
        let tag_count = usize::from(rest.get_u16());
        let load = Duration::from_millis(rest.get_u32().into());
        let unpacked = rest.get_u32() as usize;
        let [age, ttl, stale, fallback, keep] = std::array::from_fn(|_| duration(rest.get_u64()));
        let age = age.ok_or(Reject::Damaged)?;
        let fixed = Self {
            fingerprint,
            compression,
            flags,
            tag_count,
            load,
            unpacked,
            age,
            ttl,
            stale,
            fallback,
            keep,
        };
        Ok(fixed)
    }

    /// Whether tags and value are encrypted.
    ///
    /// # Errors
    /// When it says more than this version knows of.
    pub(super) fn is_encrypted(&self) -> Result<bool, Reject> {
        if self.tag_count > Limits::TAGS_MAX || self.flags & !ENCRYPTED != 0 {
            return Err(Reject::Unknown);
        }
        Ok(self.flags == ENCRYPTED)
    }

    /// Takes the tags off a body that is not encrypted.
    pub(super) fn tags(&self, body: &mut Bytes) -> Result<Vec<Tag>, Reject> {
        (0..self.tag_count).map(|_| read_tag(body).ok_or(Reject::Damaged)).collect()
    }
}

fn read_tag(rest: &mut Bytes) -> Option<Tag> {
    let length = usize::from(rest.try_get_u16().ok()?);
    if length > rest.len() {
        return None;
    }
    let text = rest.split_to(length);
    std::str::from_utf8(&text).ok().map(Tag::named)
}

fn duration(millis: u64) -> Option<Duration> {
    (millis != NO_DURATION).then(|| Duration::from_millis(millis))
}
