use super::{Encoders, Growth};
#[cfg(feature = "brotli")]
use super::{brotli::BrotliPush, push::PushEncoder};
use crate::Coding;
use bytes::{Bytes, BytesMut};
use xxhash_rust::xxh3::xxh3_64;

/// The length of a gzip header without optional fields (RFC 1952 section 2.3).
const GZIP_HEADER_BYTES: usize = 10;
/// The byte of it that names optional fields, and the bit for a comment.
const FLAGS: usize = 3;
const COMMENT: u8 = 16;
/// The length of zlib's header (RFC 1950 section 2.2), after which blocks begin.
const ZLIB_HEADER_BYTES: usize = 2;
/// A stored block without content, where a block of deflate begins at a byte (RFC 1951 section 3.2.4).
pub(super) const EMPTY_STORED_BLOCK: [u8; 5] = [0, 0, 0, 0xff, 0xff];
/// How a skippable frame of zstd begins (RFC 8878 section 3.1.2).
const SKIPPABLE_FRAME: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];
/// The least padding is longer than none, the most is shorter than this.
const PADDING_BYTES_MAX: u64 = 33;

/// What a sum of the plain content adds to the length of its encoded form, in bytes, so that this length says less
/// about it. The same content always has the same padding, so asking again does not average it away.
pub(crate) fn padding(sum: u64) -> usize {
    usize::try_from(1 + sum % (PADDING_BYTES_MAX - 1)).unwrap_or(1)
}

/// The sum of a content with what follows on it.
pub(crate) fn sum_of(before: u64, content: &[u8]) -> u64 {
    before.rotate_left(23) ^ xxh3_64(content)
}

/// Encodes a whole body with padding.
pub(crate) fn encode_padded(encoders: &Encoders, coding: Coding, level: u32, body: &[u8]) -> Option<Bytes> {
    let count = padding(sum_of(0, body));
    #[cfg(feature = "brotli")]
    if coding == Coding::Brotli {
        let (mut encoder, mut out) = (BrotliPush::new(level), Vec::new());
        encoder.write(body, &mut out).ok()?;
        encoder.flush(&mut out).ok()?;
        encoder.pad(count, &mut out).ok()?;
        encoder.finish(&mut out).ok()?;
        return (out.len() < body.len()).then(|| out.into());
    }
    let plain = encoders.encode(coding, level, body, Growth::Refused)?;
    Some(match coding {
        Coding::Gzip if plain.len() > GZIP_HEADER_BYTES && plain[FLAGS] == 0 => {
            let mut padded = inserted(&plain, GZIP_HEADER_BYTES, &[vec![b'.'; count - 1], vec![0]].concat());
            padded[FLAGS] = COMMENT;
            padded.freeze()
        }
        Coding::Deflate => {
            inserted(&plain, ZLIB_HEADER_BYTES, &EMPTY_STORED_BLOCK.repeat(count.div_ceil(5))).freeze()
        }
        // At the end, where readers that stop after the first frame do not miss anything.
        Coding::Zstd => {
            let length = u32::try_from(count).unwrap_or(0).to_le_bytes();
            inserted(&plain, plain.len(), &[&SKIPPABLE_FRAME[..], &length, &vec![b'.'; count]].concat())
                .freeze()
        }
        _ => plain,
    })
}

fn inserted(encoded: &[u8], at: usize, padding: &[u8]) -> BytesMut {
    let at = at.min(encoded.len());
    let mut padded = BytesMut::with_capacity(encoded.len() + padding.len());
    padded.extend_from_slice(&encoded[..at]);
    padded.extend_from_slice(padding);
    padded.extend_from_slice(&encoded[at..]);
    padded
}
