use crate::validate::{CONTENT_DIGEST, REPR_DIGEST};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Which responses get digests of what is sent (RFC 9530); only bodies that the layer holds as a whole do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digests {
    /// None. What a handler says stays where it is true, and is dropped where it is not.
    #[default]
    None,
    /// Those whose request asks for sha-256 by `Want-Content-Digest` or `Want-Repr-Digest`.
    Wanted,
    /// All.
    All,
}

/// Which of the two a response gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    content: bool,
    repr: bool,
}

static WANT_CONTENT: HeaderName = HeaderName::from_static("want-content-digest");
static WANT_REPR: HeaderName = HeaderName::from_static("want-repr-digest");

impl Wanted {
    pub(crate) fn of(headers: &HeaderMap, digests: Digests) -> Self {
        match digests {
            Digests::None => Self::default(),
            Digests::Wanted => {
                Self { content: wants(headers, &WANT_CONTENT), repr: wants(headers, &WANT_REPR) }
            }
            Digests::All => Self { content: true, repr: true },
        }
    }

    /// Adds the digests of a whole body, and of what is sent of it, where the handler's are not there (any more).
    pub(crate) fn add(self, headers: &mut HeaderMap, whole: &[u8], sent: &[u8]) {
        if self.repr && !headers.contains_key(&REPR_DIGEST) {
            headers.insert(&REPR_DIGEST, sha256(whole));
        }
        if self.content && !headers.contains_key(&CONTENT_DIGEST) {
            headers.insert(&CONTENT_DIGEST, sha256(sent));
        }
    }

    pub(crate) fn any(self) -> bool {
        self.content || self.repr
    }
}

/// Whether a dictionary of preferences (RFC 9530 section 4) has sha-256 above zero.
fn wants(headers: &HeaderMap, name: &HeaderName) -> bool {
    let lines = headers.get_all(name).iter();
    let mut members = lines.flat_map(|line| line.as_bytes().split(|&b| b == b','));
    members.any(|member| match member.trim_ascii().strip_prefix(b"sha-256") {
        Some(b"") => true,
        Some([b'=', digits @ ..]) => {
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && digits.iter().any(|&b| b != b'0')
        }
        _ => false,
    })
}

fn sha256(bytes: &[u8]) -> HeaderValue {
    let text = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)));
    HeaderValue::try_from(text).expect("base64 is visible ASCII")
}
