//! What a mask does to the heads of a request and of its response.

use super::{FieldMask, JsonFraming};
use crate::{Prepared, eligible::Boundary, validate::drop_digests};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH,
        IF_NONE_MATCH, IF_RANGE, RANGE,
    },
    response::Parts,
};

/// What is added to a tag of the whole document for a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suffix(String);

impl Suffix {
    pub(super) fn of(mask: &FieldMask) -> Self {
        Self(format!(".f{:016x}\"", mask.fingerprint()))
    }

    /// Asks the service about the whole document: for all of it, and whether the tag it gave is current.
    pub(super) fn ask_for_all(&self, headers: &mut HeaderMap) {
        headers.remove(RANGE);
        headers.remove(IF_RANGE);
        for name in [IF_MATCH, IF_NONE_MATCH] {
            let taken: Vec<_> = headers.get_all(&name).iter().map(|line| self.taken_from(line)).collect();
            if !taken.is_empty() {
                headers.remove(&name);
                for line in taken {
                    headers.append(&name, line);
                }
            }
        }
    }

    fn taken_from(&self, line: &HeaderValue) -> HeaderValue {
        let shorter = line.to_str().ok().filter(|text| text.contains(&self.0));
        shorter.and_then(|text| text.replace(&self.0, "\"").try_into().ok()).unwrap_or_else(|| line.clone())
    }

    /// Names the part in the response: two parts of a document have two tags.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        let Some(tag) = headers.get(ETAG) else { return };
        let longer =
            tag.to_str().ok().and_then(|tag| tag.strip_suffix('"')).map(|tag| [tag, &self.0].concat());
        match longer.and_then(|longer| HeaderValue::try_from(longer).ok()) {
            Some(longer) => drop(headers.insert(ETAG, longer)),
            None => drop(headers.remove(ETAG)),
        }
    }
}

/// How the JSON of a response is put together; nothing when there is no JSON in it to filter.
pub(super) fn framing(parts: &Parts) -> Option<JsonFraming> {
    let headers = &parts.headers;
    let bodiless = matches!(
        parts.status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::PARTIAL_CONTENT
    );
    if !parts.status.is_success() || bodiless || headers.contains_key(CONTENT_RANGE) {
        return None;
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return None;
    }
    let value = headers.get(CONTENT_TYPE)?;
    let essence = value.to_str().ok()?.split(';').next()?.trim().to_ascii_lowercase();
    if essence == "application/json" || essence.ends_with("+json") {
        return Some(JsonFraming::Document);
    }
    let is_lines = Boundary::of(Some(value)) == Boundary::Line && essence != "application/json-seq";
    is_lines.then_some(JsonFraming::Lines)
}

/// Takes away what is true of the whole document only.
pub(super) fn forget_whole(parts: &mut Parts) {
    parts.extensions.remove::<Prepared>();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(ACCEPT_RANGES);
    drop_digests(&mut parts.headers);
}
