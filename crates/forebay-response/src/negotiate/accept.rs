use crate::Coding;
use http::{HeaderMap, header::ACCEPT_ENCODING};

/// What a client said about content codings, by RFC 9110 section 12.5.3.
///
/// Weights only say whether a coding is acceptable (any weight above zero) or not; which of the acceptable
/// ones is sent is the server's choice. A header with a malformed member counts as absent as a whole.
///
/// ```
/// use forebay_response::{AcceptEncoding, Coding};
///
/// let accepts = AcceptEncoding::parse(["br;q=0, *;q=0.1"]);
/// assert!(!accepts.allows(Coding::Brotli));
/// assert!(accepts.allows(Coding::Gzip) && accepts.allows_identity());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AcceptEncoding {
    codings: [Said; Coding::ALL.len()],
    identity: Said,
    any: Said,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Said {
    #[default]
    Nothing,
    Yes,
    No,
}

impl Said {
    /// A refusal outweighs any other mention of the same coding: sending less than possible is never wrong.
    fn and(self, acceptable: bool) -> Self {
        if acceptable && self != Self::No { Self::Yes } else { Self::No }
    }
}

impl AcceptEncoding {
    /// Reads every `Accept-Encoding` line of a request; none at all means that nothing but the plain body is
    /// wanted.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Self::parse(headers.get_all(ACCEPT_ENCODING))
    }

    /// Reads header lines; several are one list.
    #[must_use]
    pub fn parse<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>) -> Self {
        let mut accepts = Self::default();
        for line in lines {
            for member in line.as_ref().split(|&b| b == b',') {
                if accepts.member(member.trim_ascii()).is_none() {
                    return Self::default();
                }
            }
        }
        accepts
    }

    /// Whether a body in this coding may be sent.
    #[must_use]
    pub fn allows(&self, coding: Coding) -> bool {
        match self.codings[coding.index()] {
            Said::Nothing => self.any == Said::Yes,
            said => said == Said::Yes,
        }
    }

    /// Whether a body without any coding may be sent, which is so unless the client refused it.
    #[must_use]
    pub fn allows_identity(&self) -> bool {
        match self.identity {
            Said::Nothing => self.any != Said::No,
            said => said == Said::Yes,
        }
    }

    /// Takes in one list member; `None` when it is malformed. Empty members are allowed (section 5.6.1.2).
    fn member(&mut self, member: &[u8]) -> Option<()> {
        if member.is_empty() {
            return Some(());
        }
        let mut parts = member.splitn(2, |&b| b == b';');
        let name = parts.next()?.trim_ascii();
        if name.is_empty() || !name.iter().copied().all(is_token) {
            return None;
        }
        let acceptable = parts.next().map_or(Some(true), weight)?;
        let said = if let Some(coding) = named(name) {
            &mut self.codings[coding.index()]
        } else if name.eq_ignore_ascii_case(b"identity") {
            &mut self.identity
        } else if name == b"*" {
            &mut self.any
        } else {
            return Some(());
        };
        *said = said.and(acceptable);
        Some(())
    }
}

fn named(name: &[u8]) -> Option<Coding> {
    if name.eq_ignore_ascii_case(b"x-gzip") {
        return Some(Coding::Gzip);
    }
    Coding::ALL.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.token().as_bytes()))
}

/// Whether a weight (`q=0.5`) is above zero; `None` when it is malformed (section 12.4.2).
fn weight(text: &[u8]) -> Option<bool> {
    let value = match text.trim_ascii() {
        [b'q' | b'Q', b'=', value @ ..] => value,
        _ => return None,
    };
    let (one, decimals) = match value {
        [b'0'] | [b'0', b'.'] => return Some(false),
        [b'1'] | [b'1', b'.'] => return Some(true),
        [digit @ (b'0' | b'1'), b'.', decimals @ ..] => (*digit == b'1', decimals),
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zero = decimals.iter().all(|&b| b == b'0');
    if one && !zero { None } else { Some(one || !zero) }
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}
