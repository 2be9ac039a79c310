use super::said::has_directive;
#[cfg(feature = "digest")]
use crate::digest::Wanted;
use crate::{
    AcceptEncoding, ResponseConfig,
    encode::route_of,
    guarded::is_own_request,
    range::RangeAsked,
    validate::{Base, Conditions, Current, Outcome, read_date},
};
use http::{
    HeaderMap, Method, Request,
    header::{CACHE_CONTROL, LAST_MODIFIED},
};

/// What the layer must remember of a request until its response is there. Most requests have neither conditions
/// nor ranges, so they are kept aside.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Kind,
    /// What its route is called where something is learnt of it.
    pub(crate) route: u64,
    pub(crate) accepts: AcceptEncoding,
    pub(crate) conditions: Option<Box<Conditions>>,
    pub(crate) range: Option<Box<RangeAsked>>,
    pub(crate) no_transform: bool,
    /// Whether no other site can have made it.
    pub(crate) own_site: bool,
    #[cfg(feature = "digest")]
    pub(crate) digests: Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    Head,
    Connect,
    Other,
}

impl Asked {
    pub(crate) fn of<B>(request: &Request<B>, config: &ResponseConfig) -> Self {
        let headers = request.headers();
        let method = match *request.method() {
            Method::GET => Kind::Get,
            Method::HEAD => Kind::Head,
            Method::CONNECT => Kind::Connect,
            _ => Kind::Other,
        };
        Self {
            method,
            route: if config.min_bytes.is_none() { route_of(request.uri().path()) } else { 0 },
            accepts: AcceptEncoding::from_headers(headers),
            conditions: Conditions::from_headers(headers).map(Box::new),
            range: RangeAsked::of(request, usize::from(config.range_count_max)).map(Box::new),
            no_transform: headers
                .get_all(CACHE_CONTROL)
                .iter()
                .any(|line| has_directive(line, b"no-transform")),
            own_site: is_own_request(headers),
            #[cfg(feature = "digest")]
            digests: Wanted::of(headers, config.digests),
        }
    }

    /// Whether validators mean anything for it.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method, Kind::Get | Kind::Head)
    }

    /// Whether its preconditions can only be judged with a tag.
    pub(crate) fn asks_for_a_tag(&self) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| conditions.ask_for_a_tag())
    }

    /// Judges its preconditions by the headers of a 200 and what is known of its tag.
    pub(crate) fn judge(&self, headers: &HeaderMap, base: Base<'_>, config: &ResponseConfig) -> Outcome {
        let Some(conditions) = &self.conditions else { return Outcome::Go };
        let modified = headers.get(LAST_MODIFIED).and_then(read_date);
        let current = Current { exists: true, base, modified };
        conditions.judge(self.is_read(), &current, &self.accepts, &config.codings)
    }
}
