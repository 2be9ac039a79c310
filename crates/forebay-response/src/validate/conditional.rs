use super::{BodyTag, EntityTag, Named};
use crate::{AcceptEncoding, Coding};
use http::{
    HeaderMap, HeaderValue,
    header::{IF_MODIFIED_SINCE, IF_NONE_MATCH},
};

/// What a client says it has already; the preconditions that end in 304.
///
/// `If-Modified-Since` counts only where there is no `If-None-Match` (RFC 9110 section 13.2.2).
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditional {
    none_match: Vec<HeaderValue>,
    modified_since: Option<HeaderValue>,
}

impl Conditional {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let none_match: Vec<_> = headers.get_all(IF_NONE_MATCH).iter().cloned().collect();
        let modified_since =
            if none_match.is_empty() { headers.get(IF_MODIFIED_SINCE).cloned() } else { None };
        Self { none_match, modified_since }
    }

    /// The client's copy, when the response's own tag is the same by weak comparison: the tag as the client
    /// wrote it.
    pub(crate) fn has(&self, etag: &HeaderValue) -> Option<HeaderValue> {
        let current = EntityTag::parse(etag.as_bytes())?;
        if self.is_any() {
            return Some(etag.clone());
        }
        self.find(|listed| listed.is_equivalent(&current))
    }

    /// The client's copy, when it is any form of this body that it still accepts. Looking for the copy before
    /// a coding is chosen is what lets a client that changed its codings keep its 304.
    pub(crate) fn has_body(
        &self,
        body: BodyTag,
        accepts: &AcceptEncoding,
        offered: &[Coding],
    ) -> Option<HeaderValue> {
        if self.is_any() {
            return Some(body.identity());
        }
        // Where nothing else is acceptable the plain body is sent after all, so its tag counts as well.
        let identity = accepts.allows_identity() || !offered.iter().any(|&coding| accepts.allows(coding));
        self.find(|listed| match body.names(listed.opaque) {
            Some(Named::Identity) => identity,
            Some(Named::Variant(coding)) => accepts.allows(coding),
            None => false,
        })
    }

    /// Whether nothing was modified since the client's copy, by the handler's own `Last-Modified`.
    pub(crate) fn is_unmodified_since(&self, last_modified: &HeaderValue) -> bool {
        let date = |value: &HeaderValue| httpdate::parse_http_date(value.to_str().ok()?).ok();
        let since = self.modified_since.as_ref().and_then(date);
        matches!((since, date(last_modified)), (Some(since), Some(modified)) if modified <= since)
    }

    fn is_any(&self) -> bool {
        self.none_match.iter().any(|line| line.as_bytes().trim_ascii() == b"*")
    }

    fn find(&self, is_current: impl Fn(&EntityTag<'_>) -> bool) -> Option<HeaderValue> {
        let mut tags = self.none_match.iter().flat_map(|line| EntityTag::list(line.as_bytes()));
        HeaderValue::from_bytes(tags.find(|tag| is_current(tag))?.text).ok()
    }
}
