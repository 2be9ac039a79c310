use super::{
    Entry, Limits,
    checksum::checksum,
    prefix::{Kind, SEALED_BYTES, prefix},
};
use bytes::Bytes;
use std::time::Duration;

/// Everything before the tags.
pub(super) const HEADER_BYTES: usize = 88;
pub(super) const NO_DURATION: u64 = u64::MAX;
/// The longest duration in an envelope, some seventy million years, and the longest a tier is asked to keep an entry:
/// were the two not the same, an entry kept "for ever" would look old. Redis can add its clock to it.
pub(crate) const MILLIS_MAX: u64 = i64::MAX as u64 / 4;
pub(super) const PLAIN: u8 = 0;
pub(super) const LZ4: u8 = 1;

/// Why an entry stays out of the remote tiers. Not an error: the value is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// It is longer than [`Limits::item_bytes_max`] or [`Limits::unpacked_bytes_max`].
    TooLarge,
    /// It has more tags than [`Limits::TAGS_MAX`], or one longer than [`Limits::TAG_BYTES_MAX`].
    TooManyTags,
}

impl Entry {
    /// The envelope of this entry for `key`, the key it is put under in the tier.
    ///
    /// # Errors
    /// When it does not keep to `limits`.
    pub fn encode(&self, key: &[u8], limits: &Limits) -> Result<Bytes, Skip> {
        if self.tags.len() > Limits::TAGS_MAX
            || self.tags.iter().any(|t| t.as_str().len() > Limits::TAG_BYTES_MAX)
        {
            return Err(Skip::TooManyTags);
        }
        let unpacked = u32::try_from(self.payload.len()).map_err(|_| Skip::TooLarge)?;
        if self.payload.len() > limits.unpacked_bytes_max {
            return Err(Skip::TooLarge);
        }
        let packed = pack(&self.payload, limits.compress_from_bytes);
        let payload = packed.as_deref().unwrap_or(&self.payload);
        let tag_bytes: usize = self.tags.iter().map(|tag| 2 + tag.as_str().len()).sum();
        let length = HEADER_BYTES + tag_bytes + payload.len();
        if length > limits.item_bytes_max {
            return Err(Skip::TooLarge);
        }

        let prefix = prefix(Kind::Value, self.stamp);
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&prefix);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&self.fingerprint.0.to_be_bytes());
        bytes.push(if packed.is_some() { LZ4 } else { PLAIN });
        bytes.push(0);
        bytes.extend_from_slice(&short(self.tags.len()).to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(self.load.as_millis()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&unpacked.to_be_bytes());
        for duration in [Some(self.age), self.ttl, self.stale, self.fallback, self.keep] {
            bytes.extend_from_slice(&millis(duration).to_be_bytes());
        }
        for tag in &self.tags {
            bytes.extend_from_slice(&short(tag.as_str().len()).to_be_bytes());
            bytes.extend_from_slice(tag.as_str().as_bytes());
        }
        bytes.extend_from_slice(payload);
        let sum = checksum(key, &prefix, &bytes[SEALED_BYTES..]);
        bytes[prefix.len()..SEALED_BYTES].copy_from_slice(&sum.to_be_bytes());
        Ok(bytes.into())
    }
}

/// The compressed payload, when it is large enough and compressing saves an eighth of it.
fn pack(payload: &[u8], from: usize) -> Option<Vec<u8>> {
    if payload.len() < from.max(1) {
        return None;
    }
    let packed = lz4_flex::block::compress(payload);
    (packed.len() < payload.len() - payload.len() / 8).then_some(packed)
}

/// Lengths that were checked against [`Limits`] before.
fn short(length: usize) -> u16 {
    u16::try_from(length).expect("limits on tags are below 65,536")
}

fn millis(duration: Option<Duration>) -> u64 {
    duration.map_or(NO_DURATION, |d| u64::try_from(d.as_millis()).map_or(MILLIS_MAX, |ms| ms.min(MILLIS_MAX)))
}
