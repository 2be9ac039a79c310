#[cfg(feature = "digest")]
use crate::digest::Wanted;
use crate::{
    AcceptEncoding, ResponseConfig,
    cache_control::has_directive,
    encode::route_of,
    guarded::{SEC_FETCH_SITE, is_own_request},
    range::RangeAsked,
    validate::{Base, Conditions, Current, Outcome, read_date},
};
use http::{
    HeaderMap, HeaderValue, Method, Request,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
        LAST_MODIFIED, RANGE,
    },
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
    /// `route` is what the route that was matched is called, if one was.
    pub(crate) fn of<B>(request: &Request<B>, config: &ResponseConfig, route: Option<u64>) -> Self {
        let headers = request.headers();
        let method = match *request.method() {
            Method::GET => Kind::Get,
            Method::HEAD => Kind::Head,
            Method::CONNECT => Kind::Connect,
            _ => Kind::Other,
        };
        let has = Has::by(headers);
        let conditions = has.conditions.then(|| Conditions::from_headers(headers)).flatten();
        let range = has.range.then(|| RangeAsked::of(request, usize::from(config.range_count_max))).flatten();
        let is_unwanted = |line: &HeaderValue| has_directive(line, b"no-transform");
        Self {
            method,
            route: match config.min_bytes {
                None => route.unwrap_or_else(|| route_of(request.uri().path())),
                Some(_) => 0,
            },
            accepts: if has.codings { AcceptEncoding::from_headers(headers) } else { Default::default() },
            conditions: conditions.map(Box::new),
            range: range.map(Box::new),
            no_transform: has.directives && headers.get_all(CACHE_CONTROL).iter().any(is_unwanted),
            own_site: has.site && is_own_request(headers),
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

/// Which fields a request has that matter here, seen in one pass: a look-up for each would cost more than the pass.
#[derive(Default)]
struct Has {
    codings: bool,
    conditions: bool,
    range: bool,
    directives: bool,
    site: bool,
}

impl Has {
    fn by(headers: &HeaderMap) -> Self {
        let mut has = Self::default();
        for name in headers.keys() {
            if *name == ACCEPT_ENCODING {
                has.codings = true;
            } else if *name == IF_NONE_MATCH
                || *name == IF_MODIFIED_SINCE
                || *name == IF_MATCH
                || *name == IF_UNMODIFIED_SINCE
            {
                has.conditions = true;
            } else if *name == RANGE {
                has.range = true;
            } else if *name == CACHE_CONTROL {
                has.directives = true;
            } else if *name == SEC_FETCH_SITE {
                has.site = true;
            }
        }
        has
    }
}
