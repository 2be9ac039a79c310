use super::{
    asked::RangeAsked,
    multipart::{Multipart, content_range},
    spec::{Selected, select},
};
use crate::validate::{drop_content_digests, refused};
use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE},
    response::Parts,
};

/// What a range leaves of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// All of it: 200.
    Nothing,
    /// One part or several: 206.
    Part,
    /// Nothing of it: 416.
    All,
}

impl RangeAsked {
    /// Cuts a body down to what was asked for and says so in the head of its 200.
    pub(crate) fn cut(&self, parts: &mut Parts, body: &mut Bytes) -> Cut {
        if !self.holds(&parts.headers) {
            return Cut::Nothing;
        }
        match select(&self.specs, body.len()) {
            Selected::Unsatisfiable => {
                refused(parts, StatusCode::RANGE_NOT_SATISFIABLE);
                insert(parts, &format!("bytes */{}", body.len()));
                *body = Bytes::new();
                Cut::All
            }
            Selected::Parts(ranges) if ranges.len() == 1 => {
                insert(parts, &content_range(&ranges[0], body.len()));
                *body = body.slice(ranges[0].clone());
                partial(parts, body)
            }
            Selected::Parts(ranges) => {
                let Some(all) = Multipart::of(body, &ranges, parts.headers.get(CONTENT_TYPE)) else {
                    return Cut::Nothing;
                };
                parts.headers.insert(CONTENT_TYPE, all.content_type);
                *body = all.body;
                partial(parts, body)
            }
        }
    }
}

fn partial(parts: &mut Parts, body: &Bytes) -> Cut {
    parts.status = StatusCode::PARTIAL_CONTENT;
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    drop_content_digests(&mut parts.headers);
    Cut::Part
}

fn insert(parts: &mut Parts, content_range: &str) {
    if let Ok(value) = HeaderValue::try_from(content_range) {
        parts.headers.insert(CONTENT_RANGE, value);
    }
}
