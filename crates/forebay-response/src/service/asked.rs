use super::said::has_directive;
use crate::{AcceptEncoding, validate::Conditional};
use http::{Method, Request, header::CACHE_CONTROL};

/// What the layer must remember of a request until its response is there.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Kind,
    pub(crate) accepts: AcceptEncoding,
    pub(crate) conditional: Conditional,
    pub(crate) no_transform: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    Head,
    Connect,
    Other,
}

impl Asked {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let method = match *request.method() {
            Method::GET => Kind::Get,
            Method::HEAD => Kind::Head,
            Method::CONNECT => Kind::Connect,
            _ => Kind::Other,
        };
        Self {
            method,
            accepts: AcceptEncoding::from_headers(headers),
            conditional: Conditional::from_headers(headers),
            no_transform: headers
                .get_all(CACHE_CONTROL)
                .iter()
                .any(|line| has_directive(line, b"no-transform")),
        }
    }

    /// Whether validators mean anything for it.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method, Kind::Get | Kind::Head)
    }
}
