use super::{Base, BodyTag, Current};
use http::{
    HeaderMap, HeaderValue,
    header::{ETAG, LAST_MODIFIED},
};
use std::{
    fmt::{Display, Write},
    time::{Duration, SystemTime},
};

/// The present state of a resource, as its handler knows it: a tag, a date, or that it does not exist.
///
/// Ask [`Preconditions::check`](crate::Preconditions::check) with it, and put it on the answer with
/// [`Validators::apply`], so that the next request can name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    exists: bool,
    etag: Option<HeaderValue>,
    modified: Option<SystemTime>,
}

impl Default for Validators {
    fn default() -> Self {
        Self::new()
    }
}

impl Validators {
    /// Something that exists, of which neither a tag nor a date is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { exists: true, etag: None, modified: None }
    }

    /// Nothing is there: `If-Match: *` fails, `If-None-Match: *` (create, do not replace) holds.
    #[must_use]
    pub const fn absent() -> Self {
        Self { exists: false, etag: None, modified: None }
    }

    /// A strong tag made from a version: a revision number, a hash, a text. It must change whenever the plain
    /// body does (RFC 9110 section 8.8.1). Characters that cannot stand in a tag are percent-encoded.
    #[must_use]
    pub fn etag(mut self, version: impl Display) -> Self {
        self.etag = Some(tag("\"", &version));
        self
    }

    /// A weak tag, for a version that stays the same through changes that do not matter to the client. It is
    /// of use for 304, and never satisfies `If-Match`, which compares strongly.
    #[must_use]
    pub fn weak_etag(mut self, version: impl Display) -> Self {
        self.etag = Some(tag("W/\"", &version));
        self
    }

    /// The tag that a [`ResponseLayer`](crate::ResponseLayer) gives to this body where its handler set none.
    #[must_use]
    pub fn of_body(mut self, content_type: &HeaderValue, body: &[u8]) -> Self {
        self.etag = Some(BodyTag::of(Some(content_type), body).identity());
        self
    }

    /// When it was last changed; HTTP keeps whole seconds of it.
    #[must_use]
    pub fn last_modified(mut self, at: SystemTime) -> Self {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.modified = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()));
        self
    }

    /// Writes `ETag` and `Last-Modified`, as far as they are known.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if let Some(etag) = &self.etag {
            headers.insert(ETAG, etag.clone());
        }
        let date = self.modified.map(|at| HeaderValue::try_from(httpdate::fmt_http_date(at)));
        if let Some(Ok(date)) = date {
            headers.insert(LAST_MODIFIED, date);
        }
    }

    pub(super) fn current(&self) -> Current<'_> {
        Current { exists: self.exists, base: Base::own(self.etag.as_ref()), modified: self.modified }
    }
}

/// A tag whose text may be anything.
fn tag(start: &str, version: &impl Display) -> HeaderValue {
    let mut text = start.to_owned();
    for byte in version.to_string().bytes() {
        if matches!(byte, 0x21 | 0x23 | 0x24 | 0x26..=0x7e) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02x}").expect("a text takes everything");
        }
    }
    text.push('"');
    HeaderValue::try_from(text).expect("visible ASCII is valid")
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponseParts for Validators {
    type Error = std::convert::Infallible;

    fn into_response_parts(
        self,
        mut response: axum_core::response::ResponseParts,
    ) -> Result<axum_core::response::ResponseParts, Self::Error> {
        self.apply(response.headers_mut());
        Ok(response)
    }
}
