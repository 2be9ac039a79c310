use super::digests::{drop_all, drop_digests};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{
        ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
        CONTENT_LOCATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED, SET_COOKIE, TRAILER,
        TRANSFER_ENCODING,
    },
    response::Parts,
};

/// Headers that speak of the body a 304 does not have. Everything else stays, so that what the 200 says of
/// caching, of origins (CORS) and of links is said again (RFC 9110 section 15.4.5).
static OF_THE_BODY: [HeaderName; 7] = [
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    TRAILER,
    TRANSFER_ENCODING,
];

/// Headers that are true of the 200 and would be a lie, or a trap for caches, on a refusal.
static OF_THE_200: [HeaderName; 8] = [
    ACCEPT_RANGES,
    AGE,
    CONTENT_LOCATION,
    ETAG,
    EXPIRES,
    LAST_MODIFIED,
    SET_COOKIE,
    HeaderName::from_static("surrogate-control"),
];

/// Turns the head of a 200 into that of a 304 for a client that has this copy.
pub(crate) fn not_modified(parts: &mut Parts, etag: Option<HeaderValue>) {
    parts.status = StatusCode::NOT_MODIFIED;
    drop_all(&mut parts.headers, &OF_THE_BODY);
    drop_digests(&mut parts.headers);
    if let Some(etag) = etag {
        parts.headers.remove(LAST_MODIFIED);
        parts.headers.insert(ETAG, etag);
    }
}

/// Turns the head of a 200 into that of a refusal (412, 416) which no cache may keep: it is an answer to this
/// client's condition and not to what was asked for.
pub(crate) fn refused(parts: &mut Parts, status: StatusCode) {
    parts.status = status;
    drop_all(&mut parts.headers, &OF_THE_BODY);
    drop_all(&mut parts.headers, &OF_THE_200);
    drop_digests(&mut parts.headers);
    // Those for caches of one kind, such as `CDN-Cache-Control` (RFC 9213).
    let is_targeted = |name: &&HeaderName| name.as_str().ends_with("-cache-control");
    let targeted: Vec<_> = parts.headers.keys().filter(is_targeted).cloned().collect();
    drop_all(&mut parts.headers, &targeted);
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
