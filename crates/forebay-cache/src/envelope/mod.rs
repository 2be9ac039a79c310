//! The bytes a remote tier holds: one self-describing, checked form for values and tombstones.
//!
//! Version 1, all numbers big-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0..2 | `FB` |
//! | 2 | version |
//! | 3 | kind: 0 value, 1 tombstone |
//! | 4..12 | epoch of the stamp |
//! | 12..20 | number of the stamp |
//! | 20..28 | xxh3 of the tier's key and of everything else in the envelope |
//! | 28..36 | fingerprint of the codec and its schema |
//! | 36 | compression: 0 none, 1 lz4 block, 2 zstd, 3 gzip, 4 brotli |
//! | 37 | flags: 1 encrypted, the others reserved |
//! | 38..40 | number of tags |
//! | 40..44 | how long the load took, in milliseconds |
//! | 44..48 | length of the value before compression |
//! | 48..88 | age, time to live, stale window, fallback window, time kept: milliseconds, all ones for "none" |
//! | 88.. | tags (length in two bytes, text), then the value |
//!
//! Where the value is encrypted, what follows the header is the id of the key (4 bytes), a nonce (24), and tags and value as
//! one ciphertext with its authentication tag (16). The ciphertext is bound to the tier's key and to the header, so that
//! neither its stamp nor its age can be changed by someone who has no key; length, age and the number of tags are not hidden.
//!
//! Version 2 is made by Redis of one of version 1 around a value that it keeps for a time only: eight bytes behind it say until
//! when, in milliseconds of Unix time by that server's clock. Checksum and encryption are those of version 1.
//!
//! A tombstone ends after the checksum. **The first twenty bytes keep their place in every version**, so that a
//! script in a server, or an older program, can compare stamps: bytes 4 to 20 order as the stamps do.
//!
//! Reading is total. Whatever is not an entry this program understands (an unknown version, a damaged or cut one, another
//! codec, another key's, a compression or encryption key it does not have) is a [`Reject`], which the cache treats as a miss.
//!
//! # How old is an entry?
//! No wall clocks are compared. The envelope says how old the value was when it was sent and how long the tier was
//! asked to keep it; the tier says with every read how much of that is left ([`Stored::remaining`](crate::Stored)), by one
//! clock: its own. The difference is the time since. It can be short by the time the fill was under way, at most what the
//! tier's command timeout allows it to wait in this process plus what the network holds back.

mod checked;
mod checksum;
mod compression;
mod decode;
mod encode;
mod entry;
mod form;
mod header;
mod limits;
mod prefix;
#[cfg_attr(not(feature = "encryption"), path = "unsealed.rs")]
mod sealed;

pub use compression::Compression;
pub use decode::{Decoded, Reject};
#[cfg(any(feature = "redis", feature = "redis-rs"))]
pub(crate) use encode::MILLIS_MAX;
pub use encode::Skip;
pub use entry::Entry;
pub use form::Form;
#[cfg(feature = "redis")]
pub(crate) use header::{End, Outline};
pub use header::{EntryHeader, Header};
pub use limits::Limits;
pub use prefix::{stamp_of, tombstone};
