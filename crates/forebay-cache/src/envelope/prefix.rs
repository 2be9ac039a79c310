use super::checksum::checksum;
use crate::Stamp;
use bytes::Bytes;

/// The magic number, version, kind and stamp: the part every version of the envelope shares.
pub(super) const PREFIX_BYTES: usize = 20;
/// The prefix and the checksum: all of a tombstone.
pub(super) const SEALED_BYTES: usize = PREFIX_BYTES + 8;

pub(super) const MAGIC: [u8; 2] = *b"FB";
pub(super) const VERSION: u8 = 1;
/// Version 1 in a tier that wrote behind it when it ends.
pub(super) const ENDED: u8 = 2;
/// That end.
pub(super) const END_BYTES: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Value,
    Tombstone,
}

pub(super) fn prefix(kind: Kind, stamp: Stamp) -> [u8; PREFIX_BYTES] {
    let mut bytes = [0; PREFIX_BYTES];
    bytes[..2].copy_from_slice(&MAGIC);
    bytes[2] = VERSION;
    bytes[3] = kind as u8;
    bytes[4..12].copy_from_slice(&stamp.epoch.to_be_bytes());
    bytes[12..].copy_from_slice(&stamp.number.to_be_bytes());
    bytes
}

/// The prefix that an envelope of version 1 or 2 was made with: the first.
pub(super) fn as_made(envelope: &[u8; PREFIX_BYTES]) -> [u8; PREFIX_BYTES] {
    let mut bytes = *envelope;
    bytes[2] = VERSION;
    bytes
}

/// The stamp of an envelope of any version and kind, without checking the rest; `None` when it is not an envelope.
///
/// For tiers that compare what they hold with what they are given.
#[must_use]
pub fn stamp_of(envelope: &[u8]) -> Option<Stamp> {
    let (prefix, _) = envelope.split_first_chunk::<PREFIX_BYTES>()?;
    if prefix[..2] != MAGIC {
        return None;
    }
    let number = |at: usize| prefix[at..at + 8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    Some(Stamp { epoch: number(4), number: number(12) })
}

/// The tombstone of `key`: it refuses fills with a smaller stamp.
#[must_use]
pub fn tombstone(key: &[u8], stamp: Stamp) -> Bytes {
    let prefix = prefix(Kind::Tombstone, stamp);
    let mut bytes = Vec::with_capacity(SEALED_BYTES);
    bytes.extend_from_slice(&prefix);
    bytes.extend_from_slice(&checksum(key, &prefix, &[]).to_be_bytes());
    bytes.into()
}
