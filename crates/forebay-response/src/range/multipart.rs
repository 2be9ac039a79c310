use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use std::{
    hash::{BuildHasher, RandomState},
    ops::Range,
};

/// Several parts of a body as `multipart/byteranges` (RFC 9110 section 14.6).
pub(super) struct Multipart {
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
}

impl Multipart {
    /// Nothing when it would be no shorter than the body: what many small parts cost is the sender's, so it is
    /// never more than the whole costs.
    pub(super) fn of(body: &Bytes, parts: &[Range<usize>], kind: Option<&HeaderValue>) -> Option<Self> {
        let boundary = boundary();
        let kind = kind.map_or(&b""[..], HeaderValue::as_bytes);
        let mut text = BytesMut::new();
        for part in parts {
            text.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            if !kind.is_empty() {
                text.extend_from_slice(b"content-type: ");
                text.extend_from_slice(kind);
                text.extend_from_slice(b"\r\n");
            }
            let range = content_range(part, body.len());
            text.extend_from_slice(format!("content-range: {range}\r\n\r\n").as_bytes());
            text.extend_from_slice(&body[part.clone()]);
            text.extend_from_slice(b"\r\n");
            if text.len() >= body.len() {
                return None;
            }
        }
        text.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type =
            HeaderValue::try_from(format!("multipart/byteranges; boundary={boundary}")).ok()?;
        (text.len() < body.len()).then(|| Self { content_type, body: text.freeze() })
    }
}

/// The value of `Content-Range` for a part.
pub(super) fn content_range(part: &Range<usize>, length: usize) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

/// A text that nobody could have put into the body: its randomness is that of the standard library's tables.
fn boundary() -> String {
    let random = || RandomState::new().hash_one(0_u8);
    format!("{:016x}{:016x}", random(), random())
}
