use super::rules::CacheRules;
use crate::{CacheDirectives, DELTA_SECONDS_MAX, cache_control::seconds, http_date::read_http_date};
use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{AGE, DATE, EXPIRES},
};
use std::time::{Duration, SystemTime};

/// How long a response may be used, and how (RFC 9111 section 4.2, RFC 5861); seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lifetime {
    pub(crate) fresh: u64,
    pub(crate) stale_while_revalidate: u64,
    pub(crate) stale_if_error: u64,
}

/// Statuses that may be kept for a guessed time (RFC 9110 section 15.1).
const GUESSED: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

impl Lifetime {
    /// `None` when nothing says how long it is fresh and nothing may be guessed.
    pub(crate) fn of(
        status: StatusCode,
        headers: &HeaderMap,
        (said, targeted): (&CacheDirectives, bool),
        rules: &CacheRules,
        now: SystemTime,
    ) -> Option<Self> {
        let expires = || if targeted { None } else { expires(headers, now) };
        let no_cache = said.no_cache.is_said();
        let explicit = said.s_maxage.or(said.max_age).map(|time| time.as_secs()).or_else(expires);
        // It may be kept for as long as it is asked about at each use.
        let explicit = explicit.or(no_cache.then_some(0));
        let may_guess = GUESSED.contains(&status.as_u16()) || said.public;
        let guessed = rules.default_ttl.filter(|_| may_guess).map(|ttl| ttl.as_secs());
        let most =
            if status.is_server_error() { rules.error_ttl_max.min(rules.ttl_max) } else { rules.ttl_max };
        let fresh = explicit.or(guessed)?.min(most.as_secs());
        // Section 4.2.4: these forbid to serve it stale, `s-maxage` as if it were `proxy-revalidate` (5.2.2.10).
        let never_stale =
            said.must_revalidate || said.proxy_revalidate || no_cache || said.s_maxage.is_some();
        let explicit_stale = |window: Option<Duration>, otherwise: Duration| {
            let window = window.or((!never_stale).then_some(otherwise)).unwrap_or_default();
            if said.must_revalidate || said.proxy_revalidate || no_cache { 0 } else { window.as_secs() }
        };
        Some(Self {
            fresh: if no_cache { 0 } else { fresh },
            stale_while_revalidate: explicit_stale(said.stale_while_revalidate, rules.stale_while_revalidate),
            stale_if_error: explicit_stale(said.stale_if_error, rules.stale_if_error),
        })
    }
}

/// The time between `Date` and `Expires`; what is no date has passed (section 5.3).
fn expires(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let mut lines = headers.get_all(EXPIRES).iter();
    let expires = lines.next()?;
    if lines.next().is_some() {
        return Some(0);
    }
    let expires = expires.to_str().ok().and_then(|text| read_http_date(text, now));
    let date = date(headers, &DATE, now).unwrap_or(now);
    Some(expires.and_then(|expires| expires.duration_since(date).ok()).map_or(0, |left| left.as_secs()))
}

pub(crate) fn date(headers: &HeaderMap, name: &HeaderName, now: SystemTime) -> Option<SystemTime> {
    read_http_date(headers.get(name)?.to_str().ok()?, now)
}

/// How old a response was when it arrived (section 4.2.3), in seconds. The whole time it took counts, as nothing tells
/// which part of it the response was under way.
pub(crate) fn age_on_arrival(headers: &HeaderMap, asked: SystemTime, arrived: SystemTime) -> u64 {
    let since = |earlier: SystemTime| arrived.duration_since(earlier).unwrap_or_default().as_secs();
    let apparent = date(headers, &DATE, arrived).map_or(0, since);
    apparent.max(said_age(headers).saturating_add(since(asked))).min(DELTA_SECONDS_MAX)
}

/// The first `Age` there is; one that is no number counts as none (section 5.1).
fn said_age(headers: &HeaderMap) -> u64 {
    let first = headers.get(AGE).map(|age| age.as_bytes());
    let first = first.and_then(|age| age.split(|&byte| byte == b',').next());
    first.and_then(|age| seconds(age.trim_ascii())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn life(status: u16, lines: &[(&'static str, &'static str)], rules: &CacheRules) -> Option<Lifetime> {
        let headers = headers(lines);
        let status = StatusCode::from_u16(status).expect("a status");
        let (said, targeted) = CacheDirectives::for_targets(&headers, &[]);
        Lifetime::of(status, &headers, (&said, targeted), rules, NOW)
    }

    fn fresh(lines: &[(&'static str, &'static str)]) -> Option<u64> {
        life(200, lines, &CacheRules::default()).map(|life| life.fresh)
    }

    #[test]
    fn s_maxage_goes_before_max_age_and_that_before_expires() {
        let expires = ("expires", "Thu, 01 Jan 1970 00:01:00 GMT");
        assert_eq!(fresh(&[expires]), Some(60));
        assert_eq!(fresh(&[expires, ("date", "Thu, 01 Jan 1970 00:00:20 GMT")]), Some(40));
        assert_eq!(fresh(&[expires, ("cache-control", "max-age=5")]), Some(5));
        assert_eq!(fresh(&[expires, ("cache-control", "max-age=5, s-maxage=7")]), Some(7));
        assert_eq!(fresh(&[("expires", "0")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "public")]), None);
    }

    #[test]
    fn a_time_is_guessed_only_where_the_status_allows_it() {
        let rules = CacheRules { default_ttl: Some(Duration::from_secs(9)), ..CacheRules::default() };
        assert_eq!(life(200, &[], &rules).map(|life| life.fresh), Some(9));
        assert_eq!(life(302, &[], &rules), None);
        assert_eq!(life(302, &[("cache-control", "public")], &rules).map(|life| life.fresh), Some(9));
    }

    #[test]
    fn errors_are_kept_for_seconds_only() {
        let kept = |status| life(status, &[("cache-control", "max-age=3600")], &CacheRules::default());
        assert_eq!(
            (kept(404).map(|life| life.fresh), kept(503).map(|life| life.fresh)),
            (Some(3600), Some(10))
        );
    }

    #[test]
    fn what_must_be_revalidated_has_no_window_to_be_stale_in() {
        let windows = "max-age=1, stale-while-revalidate=5, stale-if-error=6";
        for (more, expected) in
            [("x", (5, 6)), ("must-revalidate", (0, 0)), ("proxy-revalidate", (0, 0)), ("no-cache", (0, 0))]
        {
            let both = [("cache-control", windows), ("cache-control", more)];
            let life = life(200, &both, &CacheRules::default()).expect("explicit");
            assert_eq!((life.stale_while_revalidate, life.stale_if_error), expected, "{more}");
        }
        let rules = CacheRules { stale_if_error: Duration::from_secs(9), ..CacheRules::default() };
        let windows = |line| life(200, &[("cache-control", line)], &rules).map(|life| life.stale_if_error);
        assert_eq!((windows("max-age=1"), windows("s-maxage=1")), (Some(9), Some(0)));
    }

    #[test]
    fn age_is_the_larger_of_what_the_date_and_the_field_say() {
        let at = |seconds| NOW + Duration::from_secs(seconds);
        let age = |lines| age_on_arrival(&headers(lines), at(100), at(103));
        assert_eq!(age(&[]), 3);
        assert_eq!(age(&[("age", "30")]), 33);
        assert_eq!(age(&[("age", "30"), ("date", "Thu, 01 Jan 1970 00:00:10 GMT")]), 93);
        assert_eq!(age(&[("age", "7, 9"), ("age", "20")]), 10);
        assert_eq!(age(&[("age", "-5")]), 3);
    }
}
