use super::{
    rules::{CacheRules, Fields, View},
    secondary,
};
use crate::CacheDirectives;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, SET_COOKIE, TRAILER, VARY},
};

/// Why a response is not kept, or a request goes past the cache; the text is what `Cache-Status` and the metric say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Off,
    Method,
    Host,
    Body,
    Upgrade,
    Range,
    Precondition,
    Authorization,
    Cookie,
    Partition,
    MethodOverride,
    /// The request has an extension of which nothing is known.
    Extension,
    Passing,
    NoStoreAsked,
    NoStore,
    Private,
    SetCookie,
    VaryAny,
    VaryUndeclared,
    Status,
    NotFresh,
    TooLong,
    Trailers,
    Error,
    Deadline,
    /// Marked as [`SecretAndReflected`](crate::SecretAndReflected).
    Secret,
}

impl Why {
    /// In the order of their numbers.
    pub(crate) const ALL: [Self; 26] = [
        Self::Off,
        Self::Method,
        Self::Host,
        Self::Body,
        Self::Upgrade,
        Self::Range,
        Self::Precondition,
        Self::Authorization,
        Self::Cookie,
        Self::Partition,
        Self::MethodOverride,
        Self::Extension,
        Self::Passing,
        Self::NoStoreAsked,
        Self::NoStore,
        Self::Private,
        Self::SetCookie,
        Self::VaryAny,
        Self::VaryUndeclared,
        Self::Status,
        Self::NotFresh,
        Self::TooLong,
        Self::Trailers,
        Self::Error,
        Self::Deadline,
        Self::Secret,
    ];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Method => "method",
            Self::Host => "host",
            Self::Body => "request-body",
            Self::Upgrade => "upgrade",
            Self::Range => "range",
            Self::Precondition => "precondition",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
            Self::Partition => "partition",
            Self::MethodOverride => "method-override",
            Self::Extension => "extension",
            Self::Passing => "uncacheable-before",
            Self::NoStoreAsked => "request-no-store",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::SetCookie => "set-cookie",
            Self::VaryAny => "vary-any",
            Self::VaryUndeclared => "vary-undeclared",
            Self::Status => "status",
            Self::NotFresh => "no-freshness",
            Self::TooLong => "body-too-long",
            Self::Trailers => "trailers",
            Self::Error => "error",
            Self::Deadline => "deadline",
            Self::Secret => "secret",
        }
    }
}

/// Whether a response with this head may be kept for others (RFC 9111 section 3, and stricter).
pub(crate) fn storable(
    status: StatusCode,
    headers: &HeaderMap,
    said: &CacheDirectives,
    rules: &CacheRules,
    fields: &Fields,
) -> Result<(), Why> {
    // Section 5.2.2.3: then `no-store` is for caches that do not know the status.
    let understood = said.must_understand && is_understood(status);
    if said.no_store && !understood {
        return Err(Why::NoStore);
    }
    if said.private.is_said() {
        return Err(Why::Private);
    }
    if headers.contains_key(SET_COOKIE) {
        return Err(Why::SetCookie);
    }
    let partial = status == StatusCode::PARTIAL_CONTENT || status == StatusCode::NOT_MODIFIED;
    if status.is_informational() || partial || (said.must_understand && !understood) {
        return Err(Why::Status);
    }
    if headers.contains_key(TRAILER) {
        return Err(Why::Trailers);
    }
    if !headers.contains_key(VARY) {
        return Ok(());
    }
    let names = secondary::names(headers).ok_or(Why::VaryAny)?;
    if is_encoded(headers) && secondary::names_codings(headers) {
        // Others may get it in a coding that they accept.
        return Err(Why::VaryUndeclared);
    }
    match rules.view {
        View::Keyed if !names.iter().all(|name| fields.vary.contains(name)) => Err(Why::VaryUndeclared),
        _ => Ok(()),
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|coding| coding != "identity")
}

/// The statuses whose caching RFC 9110 describes.
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=204 | 300..=303 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 500..=505
    )
}

/// Whether a response to one client's credentials may be given to others (section 3.5).
pub(crate) fn is_shared_with_credentials(said: &CacheDirectives) -> bool {
    said.public || said.must_revalidate || said.s_maxage.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn judged(view: View, status: u16, lines: &[(&'static str, &'static str)]) -> Result<(), Why> {
        let rules = CacheRules { view, vary: vec!["accept-language".into()], ..CacheRules::default() };
        let fields = rules.fields().expect("valid");
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let (said, _) = CacheDirectives::for_targets(&headers, &[]);
        let status = StatusCode::from_u16(status).expect("a status");
        storable(status, &headers, &said, &rules, &fields)
    }

    #[test]
    fn what_is_one_clients_is_not_kept() {
        let keyed = |lines| judged(View::Keyed, 200, lines);
        assert_eq!(keyed(&[("cache-control", "public, max-age=5, private")]), Err(Why::Private));
        assert_eq!(keyed(&[("cache-control", "no-store")]), Err(Why::NoStore));
        assert_eq!(keyed(&[("set-cookie", "a=b")]), Err(Why::SetCookie));
        assert_eq!(keyed(&[("vary", "accept-encoding, *")]), Err(Why::VaryAny));
        assert_eq!(keyed(&[("vary", "Accept-Encoding"), ("vary", "Accept-Language")]), Ok(()));
        assert_eq!(keyed(&[("vary", "accept-language, cookie")]), Err(Why::VaryUndeclared));
        assert_eq!(judged(View::Whole, 200, &[("vary", "foo")]), Ok(()));
        let encoded = ("content-encoding", "gzip");
        assert_eq!(
            judged(View::Whole, 200, &[encoded, ("vary", "Foo, Accept-Encoding")]),
            Err(Why::VaryUndeclared)
        );
        assert_eq!(judged(View::Whole, 200, &[encoded, ("vary", "foo")]), Ok(()));
    }

    #[test]
    fn parts_and_answers_to_validators_are_not_kept() {
        for status in [206, 304] {
            assert_eq!(judged(View::Whole, status, &[]), Err(Why::Status));
        }
        assert_eq!(judged(View::Whole, 299, &[("cache-control", "must-understand")]), Err(Why::Status));
        assert_eq!(judged(View::Whole, 299, &[]), Ok(()));
    }
}
