use crate::{page::Page, routes};
use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use forebay::response::Prepared;

/// A finished answer as it is kept: a hit clones a few reference counts.
#[derive(Debug)]
pub(super) struct Answer {
    body: Prepared,
    version: Option<HeaderValue>,
    next: Option<HeaderValue>,
}

/// What an entry takes beside its body.
const ENTRY_BYTES: usize = 512;

impl Answer {
    pub(super) fn new(page: Page) -> Self {
        let next = page.next.as_deref().map(routes::next_link);
        Self {
            body: Prepared::json(page.json),
            version: page.version.map(HeaderValue::from),
            next: next.and_then(|link| HeaderValue::try_from(link).ok()),
        }
    }

    /// The encoded forms come later, made when first asked for: two of them are a third of the body here.
    pub(super) fn bytes(&self) -> u64 {
        let body = self.body.body().len();
        (body + body / 3 + ENTRY_BYTES) as u64
    }

    pub(super) fn respond(&self) -> Response<Body> {
        let mut response = self.body.clone().into_response().map(Body::new);
        let headers = response.headers_mut();
        if let Some(version) = &self.version {
            headers.insert(routes::VERSION, version.clone());
        }
        if let Some(next) = &self.next {
            headers.insert(header::LINK, next.clone());
        }
        response
    }
}
