use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
        TRAILER, TRANSFER_ENCODING,
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

/// Digests of the body (RFC 9530 and what came before it), which are false once it is encoded.
pub(crate) static DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Turns the head of a 200 into that of a 304 for a client that has this copy.
pub(crate) fn not_modified(parts: &mut Parts, etag: Option<HeaderValue>) {
    parts.status = StatusCode::NOT_MODIFIED;
    for name in &OF_THE_BODY {
        parts.headers.remove(name);
    }
    drop_digests(&mut parts.headers);
    if let Some(etag) = etag {
        parts.headers.remove(LAST_MODIFIED);
        parts.headers.insert(ETAG, etag);
    }
}

/// Removes what would be false of other bytes than the handler's.
pub(crate) fn drop_digests(headers: &mut HeaderMap) {
    for name in &DIGESTS {
        headers.remove(name);
    }
}
