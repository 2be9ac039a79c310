use super::form::{Form, form_of, suffix};
use crate::Coding;
use http::HeaderValue;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The name of a body: a hash of its bytes and its content type.
///
/// Tags are made from it. The plain body has `"B"`, an encoded form `"B.br4-1"` or `"B.gz6-1"`: coding,
/// level and revision of the encoder, because another level or encoder gives other bytes and a strong tag must not
/// outlive that (RFC 9110 section 8.8.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BodyTag(u128);

const HEX: usize = 32;

impl BodyTag {
    pub(crate) fn of(content_type: Option<&HeaderValue>, body: &[u8]) -> Self {
        let kind = content_type.map_or(0, |value| xxh3_64(value.as_bytes()));
        Self(xxh3_128(body) ^ (u128::from(kind) << 64))
    }

    pub(crate) fn identity(self) -> HeaderValue {
        self.value(&[])
    }

    pub(crate) fn variant(self, coding: Coding, level: u32) -> HeaderValue {
        self.value(&suffix(coding, level))
    }

    /// Which form of this body a tag names, if any.
    pub(crate) fn names(self, opaque: &[u8]) -> Option<Form> {
        let (base, rest) = opaque.split_at_checked(HEX)?;
        if *base != self.hex() {
            return None;
        }
        if rest.is_empty() { Some(Form::Identity) } else { form_of(rest) }
    }

    fn hex(self) -> [u8; HEX] {
        let mut hex = [0; HEX];
        for (at, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            hex[2 * at] = b"0123456789abcdef"[usize::from(byte >> 4)];
            hex[2 * at + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        hex
    }

    fn value(self, suffix: &[u8]) -> HeaderValue {
        let mut text = Vec::with_capacity(HEX + suffix.len() + 2);
        text.push(b'"');
        text.extend_from_slice(&self.hex());
        text.extend_from_slice(suffix);
        text.push(b'"');
        HeaderValue::from_maybe_shared(bytes::Bytes::from(text))
            .expect("hex digits, letters and a dot are valid")
    }
}
