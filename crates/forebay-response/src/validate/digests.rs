use http::{HeaderMap, HeaderName};

/// The digest of what is sent (RFC 9530 section 2).
#[cfg(feature = "digest")]
pub(crate) static CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// The digest of the whole body that what is sent belongs to (RFC 9530 section 3).
pub(crate) static REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// Digests of the body (RFC 9530 and what came before it), which are false once it is encoded.
pub(crate) static DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Removes what would be false of other bytes than the handler's, from headers or trailers.
pub(crate) fn drop_digests(headers: &mut HeaderMap) {
    drop_all(headers, &DIGESTS);
}

/// Removes the fields of these names. Mostly none of them is there, and to see that each name is compared, which costs less than
/// a look-up.
pub(super) fn drop_all(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        if headers.keys().any(|there| there == name) {
            headers.remove(name);
        }
    }
}

/// Removes what would be false of a part of the body: all but the digest of the whole one.
pub(crate) fn drop_content_digests(headers: &mut HeaderMap) {
    for name in DIGESTS.iter().filter(|&name| *name != REPR_DIGEST) {
        headers.remove(name);
    }
}
