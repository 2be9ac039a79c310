use bytes::{Bytes, BytesMut};
use xxhash_rust::xxh3::xxh3_64;

/// The length of a gzip header without optional fields (RFC 1952 section 2.3).
const HEADER_BYTES: usize = 10;
/// The byte of it that names optional fields, and the bit for a comment.
const FLAGS: usize = 3;
const COMMENT: u8 = 16;
/// The longest comment.
const COMMENT_BYTES_MAX: u64 = 32;

/// Puts a comment into a gzip header whose length depends on the plain content, so that the length of the whole
/// says less about it. The same content always has the same length, so asking again does not average it away.
pub(crate) fn with_jitter(gzip: &Bytes, content: &[u8]) -> Bytes {
    if gzip.len() < HEADER_BYTES || gzip[FLAGS] != 0 {
        return gzip.clone();
    }
    let comment = usize::try_from(xxh3_64(content) % COMMENT_BYTES_MAX).unwrap_or(0);
    let mut padded = BytesMut::with_capacity(gzip.len() + comment + 1);
    padded.extend_from_slice(&gzip[..HEADER_BYTES]);
    padded[FLAGS] = COMMENT;
    padded.extend(std::iter::repeat_n(b'.', comment));
    padded.extend_from_slice(&[0]);
    padded.extend_from_slice(&gzip[HEADER_BYTES..]);
    padded.freeze()
}
