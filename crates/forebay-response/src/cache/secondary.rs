//! Secondary keys (RFC 9111 section 4.1): what `Vary` names, and what a request says there.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT_ENCODING, VARY},
};

/// The fields that `Vary` names, in one order; `None` for `*`, and for what is no name. `Accept-Encoding` is not
/// among them: the handler never sees it, as coding is done on the way out.
pub(crate) fn names(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    let mut names = Vec::new();
    for line in headers.get_all(VARY) {
        for member in line.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if !member.is_empty() {
                names.push(HeaderName::from_bytes(member).ok().filter(|name| *name != "*")?);
            }
        }
    }
    names.retain(|name| *name != ACCEPT_ENCODING);
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    names.dedup();
    Some(names)
}

/// Whether `Vary` names `Accept-Encoding`.
pub(crate) fn names_codings(headers: &HeaderMap) -> bool {
    let mut members =
        headers.get_all(VARY).iter().flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    members.any(|member| member.trim_ascii().eq_ignore_ascii_case(ACCEPT_ENCODING.as_str().as_bytes()))
}

/// What a request says in these fields: the lines of each as one, without the blanks that mean nothing. Each part
/// comes after its length, so that no two requests that differ are the same.
pub(crate) fn values(headers: &HeaderMap, names: &[HeaderName], into: &mut Vec<u8>) {
    for name in names {
        let mut said: Option<Vec<u8>> = None;
        for line in headers.get_all(name) {
            for member in line.as_bytes().split(|&byte| byte == b',') {
                let said = said.get_or_insert_default();
                if !said.is_empty() {
                    said.push(b',');
                }
                said.extend_from_slice(member.trim_ascii());
            }
        }
        // A field that is not there is not an empty one.
        let present = u8::from(said.is_some());
        let said = said.unwrap_or_default();
        into.push(present);
        part(into, &said);
    }
}

/// Appends a part of a key.
pub(crate) fn part(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    into.extend_from_slice(bytes);
}

/// `Vary` as one line that names these as well.
pub(crate) fn merged(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        crate::merge_vary(headers, name);
    }
    if headers.get_all(VARY).iter().count() > 1 {
        let lines: Vec<&[u8]> = headers.get_all(VARY).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b", "[..])) {
            headers.insert(VARY, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&'static str]) -> Vec<u8> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("foo", HeaderValue::from_static(line));
        }
        let mut said = Vec::new();
        values(&headers, &[HeaderName::from_static("foo")], &mut said);
        said
    }

    #[test]
    fn blanks_and_lines_make_no_difference_and_everything_else_does() {
        assert_eq!(of(&["a, b"]), of(&["a", " b "]));
        assert_ne!(of(&["a, b"]), of(&["b, a"]));
        assert_ne!(of(&["a"]), of(&["A"]));
        assert_ne!(of(&[""]), of(&[]));
    }
}
