use super::{
    Entry, Form, Limits,
    checksum::checksum,
    compression::PLAIN,
    prefix::{Kind, PREFIX_BYTES, SEALED_BYTES, prefix},
    sealed,
};
use bytes::Bytes;
use forebay_scope::Tag;
use std::time::Duration;

/// Everything before the tags.
pub(super) const HEADER_BYTES: usize = 88;
pub(super) const NO_DURATION: u64 = u64::MAX;
/// The longest duration in an envelope, some seventy million years, and the longest a tier is asked to keep an entry:
/// were the two not the same, an entry kept "for ever" would look old. Redis can add its clock to it.
pub(crate) const MILLIS_MAX: u64 = i64::MAX as u64 / 4;
/// The flag of an envelope whose tags and value are encrypted.
pub(super) const ENCRYPTED: u8 = 1;

/// Why an entry stays out of the remote tiers. Not an error: the value is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skip {
    /// It is longer than [`Limits::item_bytes_max`] or [`Limits::unpacked_bytes_max`].
    TooLarge,
    /// It has more tags than [`Limits::TAGS_MAX`], or one longer than [`Limits::TAG_BYTES_MAX`].
    TooManyTags,
    /// It was to be encrypted, and the system had no randomness to give.
    NotEncrypted,
}

impl Entry {
    /// The envelope of this entry for `key`, the key it is put under in the tier.
    ///
    /// # Errors
    /// When it does not keep to `limits`.
    pub fn encode(&self, key: &[u8], limits: &Limits) -> Result<Bytes, Skip> {
        Form::new(*limits).encode(self, key)
    }
}

impl Form {
    /// The envelope of `entry` for `key`, the key it is put under in the tier.
    ///
    /// # Errors
    /// When it does not keep to the limits, or cannot be encrypted.
    pub fn encode(&self, entry: &Entry, key: &[u8]) -> Result<Bytes, Skip> {
        let Limits { compress_from_bytes, item_bytes_max, unpacked_bytes_max } = self.limits;
        let tags = &entry.tags;
        if tags.len() > Limits::TAGS_MAX || tags.iter().any(|t| t.as_str().len() > Limits::TAG_BYTES_MAX) {
            return Err(Skip::TooManyTags);
        }
        let unpacked = u32::try_from(entry.payload.len()).map_err(|_| Skip::TooLarge)?;
        if entry.payload.len() > unpacked_bytes_max {
            return Err(Skip::TooLarge);
        }
        let packed = self.compression.pack(&entry.payload, compress_from_bytes);
        let (compression, payload) =
            packed.as_ref().map_or((PLAIN, &*entry.payload), |(form, packed)| (*form, &**packed));
        let overhead = if self.keyring.is_some() { sealed::OVERHEAD_BYTES } else { 0 };
        let tag_bytes: usize = tags.iter().map(|tag| 2 + tag.as_str().len()).sum();
        let length = HEADER_BYTES + tag_bytes + payload.len() + overhead;
        if length > item_bytes_max {
            return Err(Skip::TooLarge);
        }

        let prefix = prefix(Kind::Value, entry.stamp);
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&prefix);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&entry.fingerprint.0.to_be_bytes());
        bytes.push(compression);
        bytes.push(u8::from(self.keyring.is_some()) * ENCRYPTED);
        bytes.extend_from_slice(&short(tags.len()).to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(entry.load.as_millis()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&unpacked.to_be_bytes());
        for duration in [Some(entry.age), entry.ttl, entry.stale, entry.fallback, entry.keep] {
            bytes.extend_from_slice(&millis(duration).to_be_bytes());
        }
        self.append_body(&mut bytes, tags, payload, key)?;
        let sum = checksum(key, &prefix, &bytes[SEALED_BYTES..]);
        bytes[prefix.len()..SEALED_BYTES].copy_from_slice(&sum.to_be_bytes());
        Ok(bytes.into())
    }

    /// Tags and value, behind the header.
    fn append_body(&self, bytes: &mut Vec<u8>, tags: &[Tag], payload: &[u8], key: &[u8]) -> Result<(), Skip> {
        let Some(keyring) = &self.keyring else {
            append_plain(bytes, tags, payload);
            return Ok(());
        };
        let mut body = Vec::with_capacity(bytes.capacity() - bytes.len());
        append_plain(&mut body, tags, payload);
        let header = [&bytes[..PREFIX_BYTES], &bytes[SEALED_BYTES..]];
        let sealed = sealed::seal(keyring, key, header, &body).ok_or(Skip::NotEncrypted)?;
        bytes.extend_from_slice(&sealed);
        Ok(())
    }
}

fn append_plain(bytes: &mut Vec<u8>, tags: &[Tag], payload: &[u8]) {
    for tag in tags {
        bytes.extend_from_slice(&short(tag.as_str().len()).to_be_bytes());
        bytes.extend_from_slice(tag.as_str().as_bytes());
    }
    bytes.extend_from_slice(payload);
}

/// Lengths that were checked against [`Limits`] before.
fn short(length: usize) -> u16 {
    u16::try_from(length).expect("limits on tags are below 65,536")
}

fn millis(duration: Option<Duration>) -> u64 {
    duration.map_or(NO_DURATION, |d| u64::try_from(d.as_millis()).map_or(MILLIS_MAX, |ms| ms.min(MILLIS_MAX)))
}
