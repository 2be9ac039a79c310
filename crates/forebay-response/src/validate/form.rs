use super::{BodyTag, EntityTag, weaken};
use crate::{AcceptEncoding, Coding};
use http::HeaderValue;

/// Which form of a body a tag names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Identity,
    Encoded(Coding),
}

/// What is known of the tag of a body that may be sent in several forms.
///
/// All of its tags have one base: the plain body has `"base"`, an encoded form whose bytes are settled
/// `"base.gz5-1"` (coding, level, revision of the encoder), a form made while it is sent `W/"base"`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Base<'a> {
    /// There is no tag.
    None,
    /// There is one, and it is not known here: an answer to HEAD whose body the handler left out.
    Unknown,
    /// The handler's own.
    Own(EntityTag<'a>),
    /// A hash of the body.
    Body(BodyTag),
}

impl<'a> Base<'a> {
    /// The base by a handler's own header.
    pub(crate) fn own(etag: Option<&'a HeaderValue>) -> Self {
        etag.and_then(|etag| EntityTag::parse(etag.as_bytes())).map_or(Self::None, Self::Own)
    }

    /// Which form a listed tag names, if it names one of this body. The level is not compared: whatever it was,
    /// the client holds this body.
    pub(crate) fn form(&self, listed: &EntityTag<'_>) -> Option<Form> {
        match self {
            Self::None | Self::Unknown => None,
            Self::Body(body) => body.names(listed.opaque),
            Self::Own(own) => {
                let rest = listed.opaque.strip_prefix(own.opaque)?;
                // A weak tag says nothing of bytes, so no form of it has a tag of its own.
                if rest.is_empty() { Some(Form::Identity) } else { form_of(rest).filter(|_| !own.weak) }
            }
        }
    }

    /// Whether a listed tag names a copy that the client can still use: weak comparison (RFC 9110 section
    /// 8.8.3.2) with any form the client accepts.
    pub(crate) fn has_usable(
        &self,
        listed: &EntityTag<'_>,
        accepts: &AcceptEncoding,
        offered: &[Coding],
    ) -> bool {
        match self.form(listed) {
            Some(Form::Encoded(coding)) => accepts.allows(coding),
            // Also the weak tag of an encoded stream, so it says nothing of the client's coding.
            Some(Form::Identity) if matches!(self, Self::Own(_)) || listed.weak => true,
            // Where nothing else is acceptable the plain body is sent after all, so its tag counts as well.
            Some(Form::Identity) => {
                accepts.allows_identity() || !offered.iter().any(|&coding| accepts.allows(coding))
            }
            None => false,
        }
    }

    /// Whether a listed tag names this very state: strong comparison, in whichever form the client got it.
    pub(crate) fn is_same(&self, listed: &EntityTag<'_>) -> bool {
        let weak = listed.weak || matches!(self, Self::Own(own) if own.weak);
        !weak && self.form(listed).is_some()
    }

    /// The tag of the plain form, where there is one.
    pub(crate) fn plain(&self) -> Option<HeaderValue> {
        match self {
            Self::None | Self::Unknown => None,
            Self::Own(own) => HeaderValue::from_bytes(own.text).ok(),
            Self::Body(body) => Some(body.identity()),
        }
    }
}

/// What a handler's own tag becomes on an encoded form whose bytes are settled.
pub(crate) fn own_variant(own: &HeaderValue, coding: Coding, level: u32) -> HeaderValue {
    match EntityTag::parse(own.as_bytes()) {
        Some(tag) if !tag.weak => {
            let suffix = suffix(coding, level);
            let text = [b"\"", tag.opaque, &suffix, b"\""].concat();
            HeaderValue::from_bytes(&text).unwrap_or_else(|_| weaken(own))
        }
        _ => weaken(own),
    }
}

/// What marks a form in a tag: coding, level, revision of the encoder.
pub(super) fn suffix(coding: Coding, level: u32) -> Vec<u8> {
    // Levels have one or two digits.
    let digits = [(level / 10 % 10) as u8 + b'0', (level % 10) as u8 + b'0'];
    let digits = if level < 10 { &digits[1..] } else { &digits[..] };
    [coding.suffix().as_bytes(), digits, b"-", coding.revision().as_bytes()].concat()
}

/// The longest revision that is read.
const REVISION_BYTES_MAX: usize = 4;

/// The form a suffix stands for, whichever encoder made it.
pub(super) fn form_of(suffix: &[u8]) -> Option<Form> {
    let (start, rest) = suffix.split_at_checked(3)?;
    let coding = Coding::ALL.into_iter().find(|coding| coding.suffix().as_bytes() == start)?;
    let (level, revision) = rest.split_at(rest.iter().position(|&b| b == b'-')?);
    let is_level = matches!(level.len(), 1 | 2) && level.iter().all(u8::is_ascii_digit);
    let is_revision = matches!(revision.len(), 2..=REVISION_BYTES_MAX)
        && revision[1..].iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    (is_level && is_revision).then_some(Form::Encoded(coding))
}
