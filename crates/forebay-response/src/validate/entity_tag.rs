use http::HeaderValue;

/// One entity tag of a header (RFC 9110 section 8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityTag<'a> {
    /// As it stands in the header, with quotes and `W/`.
    pub(crate) text: &'a [u8],
    /// What is between the quotes.
    pub(crate) opaque: &'a [u8],
    pub(crate) weak: bool,
}

impl<'a> EntityTag<'a> {
    /// Reads a value that is exactly one tag.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let (tag, rest) = Self::first(text)?;
        rest.is_empty().then_some(tag)
    }

    /// The tags of a list, up to the first thing that is none.
    pub(crate) fn list(line: &'a [u8]) -> impl Iterator<Item = Self> {
        let mut rest = line;
        std::iter::from_fn(move || {
            let start = rest.iter().position(|b| !matches!(b, b',' | b' ' | b'\t'))?;
            let (tag, after) = Self::first(&rest[start..])?;
            rest = after;
            Some(tag)
        })
    }

    /// The tag a text begins with, and what follows it. A comma may stand inside of the quotes, and whatever
    /// else a sloppy client puts there does no harm to the tags beside it.
    fn first(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let weak = text.starts_with(b"W/");
        let start = if weak { 2 } else { 0 };
        let inner = text.get(start..)?.strip_prefix(b"\"")?;
        let end = inner.iter().position(|&b| b == b'"')?;
        let whole = start + end + 2;
        Some((Self { text: &text[..whole], opaque: &inner[..end], weak }, &text[whole..]))
    }
}

/// The weak form of a tag; a value that is no tag stays as it is.
pub(crate) fn weaken(value: &HeaderValue) -> HeaderValue {
    match EntityTag::parse(value.as_bytes()) {
        Some(tag) if !tag.weak => {
            let text = [b"W/", tag.text].concat();
            HeaderValue::from_bytes(&text).unwrap_or_else(|_| value.clone())
        }
        _ => value.clone(),
    }
}
