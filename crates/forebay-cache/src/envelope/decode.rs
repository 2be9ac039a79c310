use super::{
    Entry, Form, Header, Limits,
    checked::{Checked, Fixed, checked, made_with},
    compression::unpack,
    encode::HEADER_BYTES,
    prefix::SEALED_BYTES,
    sealed,
};
use crate::{Fingerprint, Stamp};
use bytes::Bytes;

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
        match checked(envelope, key)? {
            Checked::Tombstone(stamp) => Ok(Decoded::Tombstone(stamp)),
            Checked::Value(_, fixed, _) if fixed.fingerprint != fingerprint => Err(Reject::OtherSchema),
            Checked::Value(stamp, fixed, body) => self.read_entry((envelope, key), stamp, &fixed, body),
        }
    }

    fn read_entry(
        &self,
        (envelope, key): (&Bytes, &[u8]),
        stamp: Stamp,
        fixed: &Fixed,
        body: Bytes,
    ) -> Result<Decoded, Reject> {
        let encrypted = fixed.is_encrypted()?;
        if fixed.unpacked > self.limits.unpacked_bytes_max {
            return Err(Reject::TooLarge);
        }
        let mut body = if encrypted { self.open(envelope, key, &body)? } else { self.plain(body)? };
        let tags = fixed.tags(&mut body)?;
        let payload = unpack(body, fixed.compression, fixed.unpacked)?;
        let Fixed { fingerprint, load, age, ttl, stale, fallback, keep, .. } = *fixed;
        Ok(Decoded::Entry(Entry { stamp, fingerprint, age, ttl, stale, fallback, keep, load, tags, payload }))
    }

    /// What the envelope a tier held under `key` says of itself; the tags of an encrypted one as well where there is the
    /// key for them. Its value is not looked at.
    ///
    /// # Errors
    /// When it is not an envelope of this version, or was changed. Never panics, whatever the bytes are.
    pub fn header(&self, envelope: &Bytes, key: &[u8]) -> Result<Header, Reject> {
        let mut header = Header::read(envelope, key)?;
        if let (Header::Entry(entry), Checked::Value(_, fixed, body)) = (&mut header, checked(envelope, key)?)
            && entry.key_id.is_some()
        {
            match self.open(envelope, key, &body) {
                Ok(mut body) => {
                    entry.tags = fixed.tags(&mut body)?;
                    entry.tags_known = true;
                }
                Err(Reject::NoKey) => {}
                Err(reject) => return Err(reject),
            }
        }
        Ok(header)
    }

    fn plain(&self, body: Bytes) -> Result<Bytes, Reject> {
        let encrypts = self.keyring.as_ref().is_some_and(|keyring| !keyring.takes_plain());
        if encrypts { Err(Reject::NotEncrypted) } else { Ok(body) }
    }

    fn open(&self, envelope: &Bytes, key: &[u8], body: &[u8]) -> Result<Bytes, Reject> {
        let keyring = self.keyring.as_ref().ok_or(Reject::NoKey)?;
        let prefix = made_with(envelope);
        let header = [&prefix[..], &envelope[SEALED_BYTES..HEADER_BYTES]];
        sealed::open(keyring, key, header, body)
    }
}
