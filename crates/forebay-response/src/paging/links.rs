use http::{HeaderMap, HeaderValue, header::LINK};
use std::fmt::Write;

/// A `Link` field: where related resources are. Source: RFC 8288, section 3.
///
/// ```
/// use forebay_response::Links;
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// Links::new().to("first", "/users").to("next", "/users?cursor=abc").insert(&mut headers);
/// assert_eq!(headers["link"], r#"</users>; rel="first", </users?cursor=abc>; rel="next""#);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Links(String);

impl Links {
    /// No link yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a link to a target, absolute or relative to the request's. Bytes that cannot stand in a URI there are
    /// percent-encoded; of `relation` only letters, digits, `.` and `-` are taken.
    pub fn to(mut self, relation: &str, target: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push_str(", ");
        }
        self.0.push('<');
        for byte in target.bytes() {
            if byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"') {
                self.0.push(char::from(byte));
            } else {
                write!(self.0, "%{byte:02X}").expect("a string takes everything");
            }
        }
        let is_name = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
        let relation: String = relation.chars().filter(is_name).collect();
        write!(self.0, ">; rel=\"{relation}\"").expect("a string takes everything");
        self
    }

    /// Adds the field to those that are there; nothing without a link.
    pub fn insert(self, headers: &mut HeaderMap) {
        if !self.0.is_empty() {
            let value = HeaderValue::try_from(self.0).expect("written as printable ASCII");
            headers.append(LINK, value);
        }
    }
}
