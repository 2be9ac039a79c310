use http::{HeaderMap, HeaderName, HeaderValue, header::VARY};

/// Adds a field name to `Vary` (RFC 9110 section 12.5.5) unless it is there already or the list has `*`.
///
/// Members are compared as whole names, whatever their case. Several lines become one, because some caches
/// read only the first.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header};
/// let mut headers = HeaderMap::new();
/// headers.append("vary", HeaderValue::from_static("x-accept-encoding-hint"));
/// headers.append("vary", HeaderValue::from_static("origin"));
/// forebay_response::merge_vary(&mut headers, &header::ACCEPT_ENCODING);
/// assert_eq!(headers["vary"], "x-accept-encoding-hint, origin, accept-encoding");
/// ```
pub fn merge_vary(headers: &mut HeaderMap, field: &HeaderName) {
    let mut lines = 0_usize;
    let mut length = field.as_str().len();
    for line in headers.get_all(VARY) {
        let bytes = line.as_bytes();
        for member in bytes.split(|&b| b == b',').map(<[u8]>::trim_ascii) {
            if member == b"*" || member.eq_ignore_ascii_case(field.as_str().as_bytes()) {
                return;
            }
        }
        lines += 1;
        length += bytes.len() + 2;
    }
    if lines == 0 {
        headers.insert(VARY, HeaderValue::from_name(field.clone()));
        return;
    }
    let mut merged = Vec::with_capacity(length);
    for line in headers.get_all(VARY) {
        let line = line.as_bytes().trim_ascii();
        if !line.is_empty() {
            merged.extend_from_slice(line);
            merged.extend_from_slice(b", ");
        }
    }
    merged.extend_from_slice(field.as_str().as_bytes());
    // Parts of valid values joined by ", " are a valid value.
    if let Ok(value) = HeaderValue::from_bytes(&merged) {
        headers.insert(VARY, value);
    }
}
