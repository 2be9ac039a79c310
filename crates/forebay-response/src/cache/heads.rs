//! What heads alone tell: that a client's copy is the one that is kept, and that what is kept is out of date.

use super::{
    asked::Asked,
    lifetime::date,
    shared::Shared,
    stored::{Kept, Stored},
};
use crate::{
    Prepared,
    service::{Ready, ResponseBody},
    validate::{EntityTag, not_modified},
};
use bytes::Bytes;
use http::{
    HeaderMap, Response, StatusCode,
    header::{CONTENT_LENGTH, DATE, ETAG, LAST_MODIFIED},
};
use std::sync::Arc;

impl Shared {
    /// What is kept of what a request asks for, fresh or not.
    pub(super) fn selected(&self, asked: &Asked, headers: &HeaderMap) -> Option<Arc<Kept>> {
        let found = self.cache.peek(&asked.key)?;
        if let Stored::Varies(varies) = &found.0 {
            let key = asked.key.variant(varies.generation, &varies.values(headers));
            return self.cache.peek(&key)?.kept().cloned();
        }
        found.kept().cloned()
    }
}

impl Kept {
    /// Whether the answer to HEAD is about another body (RFC 9111 section 4.3.5).
    pub(super) fn is_contradicted_by(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let differs = |name| match (headers.get(name), self.headers.get(name)) {
            (Some(said), Some(kept)) => said != kept,
            _ => false,
        };
        status == StatusCode::OK && [CONTENT_LENGTH, ETAG, LAST_MODIFIED].iter().any(differs)
    }

    /// Whether a 304 with these fields can speak of this: by its tag, if it has one.
    pub(super) fn is_named_by(&self, headers: &HeaderMap) -> bool {
        let tag = |headers: &HeaderMap| {
            EntityTag::parse(headers.get(ETAG)?.as_bytes()).map(|tag| tag.opaque.to_vec())
        };
        tag(headers).is_none_or(|said| tag(&self.headers) == Some(said))
    }

    /// Whether a client that knows what was there at a time knows this: by its date, as nothing says when it was changed
    /// (RFC 9111 section 4.3.2).
    pub(super) fn is_what_was_there(&self, asked: &Asked) -> bool {
        let Some(since) = asked.since else { return false };
        let dated = || date(&self.headers, &DATE, asked.at).unwrap_or(self.arrived);
        self.status == StatusCode::OK && !self.headers.contains_key(LAST_MODIFIED) && dated() <= since
    }
}

/// The 304 in place of this response.
pub(super) fn unchanged<B>(response: Response<ResponseBody<B>>) -> Response<ResponseBody<B>> {
    let (mut parts, _) = response.into_parts();
    parts.extensions.remove::<Prepared>();
    not_modified(&mut parts, None);
    Response::from_parts(parts, ResponseBody::from(Ready::Whole(Bytes::new(), None)))
}
