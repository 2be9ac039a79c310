//! `Cache-Control` as a list: what both requests and responses are read by.

use http::HeaderValue;

/// The directives of one line, each with what stands behind its `=`, without quotes. A comma inside of quotes ends nothing.
pub(crate) fn members(line: &HeaderValue) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    let (mut quoted, mut escaped) = (false, false);
    let members = line.as_bytes().split(move |&byte| {
        let split = byte == b',' && !quoted;
        if byte == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = byte == b'\\' && quoted && !escaped;
        split
    });
    members.map(|member| {
        let end = member.iter().position(|&byte| byte == b'=').unwrap_or(member.len());
        (member[..end].trim_ascii(), member.get(end + 1..).map(unquoted))
    })
}

/// Whether a line has this directive, whatever its case.
pub(crate) fn has_directive(line: &HeaderValue, directive: &[u8]) -> bool {
    members(line).any(|(name, _)| name.eq_ignore_ascii_case(directive))
}

fn unquoted(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_end_nothing() {
        let line = HeaderValue::from_static("a=\"x, no-store\\\", y\", No-Transform ,b");
        assert!(has_directive(&line, b"no-transform") && has_directive(&line, b"b"));
        assert!(!has_directive(&line, b"no-store") && !has_directive(&line, b"y"));
    }
}
