use super::Reject;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "zstd")]
mod zstd;

/// How values are made smaller on their way to the remote tiers. What is *read* does not depend on it: a build reads every
/// compression it has the feature for, so that the setting can change while a deploy rolls.
///
/// | | for | feature |
/// |---|---|---|
/// | `Lz4` | the least time; the default | – |
/// | `Zstd` | few bytes for little time; builds a C library | `zstd` |
/// | `Gzip` | few bytes without one | `gzip` |
/// | `Brotli` | the fewest bytes for text; takes longer to read | `brotli` |
///
/// In a configuration file: `off`, `lz4`, `zstd`, `gzip`, `brotli`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Compression {
    /// None. For values that are compressed already, or that mix secrets with what others choose (the length of what is
    /// sent then tells something about its content, encrypted or not).
    Off,
    /// The lz4 block format. The default.
    #[default]
    Lz4,
    /// Zstandard at level 3.
    #[cfg(feature = "zstd")]
    Zstd,
    /// Gzip at level 6.
    #[cfg(feature = "gzip")]
    Gzip,
    /// Brotli at quality 4.
    #[cfg(feature = "brotli")]
    Brotli,
}

/// The numbers in an envelope, and what they are called.
const NAMES: [&str; 5] = ["none", "lz4", "zstd", "gzip", "brotli"];
pub(super) const PLAIN: u8 = 0;
const LZ4: u8 = 1;
#[cfg(feature = "zstd")]
const ZSTD: u8 = 2;
#[cfg(feature = "gzip")]
const GZIP: u8 = 3;
#[cfg(feature = "brotli")]
const BROTLI: u8 = 4;

/// What a number in an envelope is called, whether or not this build can unpack it.
pub(super) fn name(number: u8) -> &'static str {
    NAMES.get(usize::from(number)).copied().unwrap_or("unknown")
}

/// The most an lz4 block can unpack to: each byte of a run adds 255.
const LZ4_RATIO_MAX: usize = 255;

impl Compression {
    const fn number(self) -> u8 {
        match self {
            Self::Off => PLAIN,
            Self::Lz4 => LZ4,
            #[cfg(feature = "zstd")]
            Self::Zstd => ZSTD,
            #[cfg(feature = "gzip")]
            Self::Gzip => GZIP,
            #[cfg(feature = "brotli")]
            Self::Brotli => BROTLI,
        }
    }

    /// The compressed payload and the number of its form, when it is `from` bytes long and compressing saves an eighth.
    pub(super) fn pack(self, payload: &[u8], from: usize) -> Option<(u8, Vec<u8>)> {
        if payload.len() < from.max(1) {
            return None;
        }
        let packed = match self {
            Self::Off => return None,
            Self::Lz4 => lz4_flex::block::compress(payload),
            #[cfg(feature = "zstd")]
            Self::Zstd => zstd::pack(payload)?,
            #[cfg(feature = "gzip")]
            Self::Gzip => gzip::pack(payload)?,
            #[cfg(feature = "brotli")]
            Self::Brotli => brotli::pack(payload)?,
        };
        (packed.len() < payload.len() - payload.len() / 8).then(|| (self.number(), packed))
    }
}

/// The payload of `unpacked` bytes, which the caller has found to be within its limit: no more than about that is ever
/// allocated, whatever the bytes say.
pub(super) fn unpack(payload: Bytes, number: u8, unpacked: usize) -> Result<Bytes, Reject> {
    let plain = match number {
        PLAIN => Some(payload),
        LZ4 if unpacked <= payload.len().saturating_mul(LZ4_RATIO_MAX) => {
            lz4_flex::block::decompress(&payload, unpacked).ok().map(Bytes::from)
        }
        LZ4 => None,
        #[cfg(feature = "zstd")]
        ZSTD => zstd::unpack(&payload, unpacked).map(Bytes::from),
        #[cfg(feature = "gzip")]
        GZIP => gzip::unpack(&payload, unpacked).map(Bytes::from),
        #[cfg(feature = "brotli")]
        BROTLI => brotli::unpack(&payload, unpacked).map(Bytes::from),
        _ => return Err(Reject::OtherCompression),
    };
    plain.filter(|plain| plain.len() == unpacked).ok_or(Reject::Damaged)
}

/// Everything a decoder gives, if it is exactly as long as announced; it is stopped one byte later.
#[cfg(any(feature = "gzip", feature = "brotli"))]
fn read_exactly(decoder: impl std::io::Read, packed: usize, unpacked: usize) -> Option<Vec<u8>> {
    // A short payload may announce a lot: what it really holds decides how much is allocated.
    let mut plain = Vec::with_capacity(unpacked.min(packed.saturating_mul(8)));
    let read = std::io::Read::read_to_end(&mut decoder.take(unpacked as u64 + 1), &mut plain).ok()?;
    (read == unpacked).then_some(plain)
}
