//! What the handler sees of a request while an entry is filled.

use super::{asked::Asked, rules::View, shared::Policy, stored::Kept};
use http::{
    HeaderMap, HeaderName, Method, Uri,
    header::{
        ACCEPT_ENCODING, AUTHORIZATION, COOKIE, ETAG, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
    },
    request::Parts,
    uri::PathAndQuery,
};

/// What speaks of the client's own copy, and of codings, which are done on the way out.
const OF_THE_CLIENT: [HeaderName; 7] =
    [ACCEPT_ENCODING, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE];

impl Policy {
    /// The request as the handler gets it; `observed`, as it would get it without a cache.
    pub(crate) fn view(&self, parts: &Parts, asked: &Asked, observed: bool) -> Parts {
        let mut view = parts.clone();
        view.method = Method::GET;
        if observed {
            without(&mut view.headers, &OF_THE_CLIENT);
            return view;
        }
        if !asked.partitioned && !self.rules.trust_extensions {
            self.extensions.reduce(&mut view.extensions, asked.target.query_used());
        }
        if let Some(uri) = with_query(&parts.uri, asked.target.query_used()) {
            view.uri = uri;
        }
        match self.rules.view {
            View::Whole => {
                without(&mut view.headers, &OF_THE_CLIENT);
                if !asked.partitioned {
                    // Those that are here are declared to make no difference.
                    view.headers.remove(COOKIE);
                }
            }
            View::Keyed => {
                view.headers = HeaderMap::new();
                let credentials: &[HeaderName] =
                    if asked.partitioned { &[AUTHORIZATION, COOKIE] } else { &[] };
                let seen = [HOST];
                for name in
                    seen.iter().chain(credentials).chain(&self.fields.vary).chain(&self.fields.forward)
                {
                    for line in parts.headers.get_all(name) {
                        view.headers.append(name, line.clone());
                    }
                }
            }
        }
        view
    }
}

/// Asks whether a response that is kept still holds (RFC 9111 section 4.3.1); whether it can be asked.
pub(crate) fn ask_about(headers: &mut HeaderMap, kept: &Kept) -> bool {
    let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
    let mut asks = false;
    for (validator, condition) in pairs {
        if let Some(value) = kept.headers.get(validator) {
            headers.insert(condition, value.clone());
            asks = true;
        }
    }
    asks
}

fn without(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}

/// The same with another query; `None` where nothing changes.
pub(super) fn with_query(uri: &Uri, query: Option<&str>) -> Option<Uri> {
    if uri.query() == query {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    let path = uri.path();
    let text = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}
