use crate::Coding;
use http::HeaderValue;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The name of a body: a hash of its bytes and its content type.
///
/// Tags are made from it. The plain body has `"B"`, an encoded form `"B.br4"` or `"B.gz6"`: coding and level,
/// because another level gives other bytes and a strong tag must not outlive that (RFC 9110 section 8.8.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BodyTag(u128);

/// Which form of a body a tag names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Identity,
    Variant(Coding),
}

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
        // Levels have one or two digits.
        let digits = [(level / 10 % 10) as u8 + b'0', (level % 10) as u8 + b'0'];
        let digits = if level < 10 { &digits[1..] } else { &digits[..] };
        self.value(&[coding.suffix().as_bytes(), digits].concat())
    }

    /// Which form of this body a tag names, if any. The level is not compared: whatever it was, the client
    /// holds this body.
    pub(crate) fn names(self, opaque: &[u8]) -> Option<Named> {
        let (base, rest) = opaque.split_at_checked(HEX)?;
        if *base != self.hex() {
            return None;
        }
        if rest.is_empty() {
            return Some(Named::Identity);
        }
        let (suffix, level) = rest.split_at_checked(3)?;
        let coding = Coding::ALL.into_iter().find(|coding| coding.suffix().as_bytes() == suffix)?;
        let is_level = matches!(level.len(), 1 | 2) && level.iter().all(u8::is_ascii_digit);
        is_level.then_some(Named::Variant(coding))
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
