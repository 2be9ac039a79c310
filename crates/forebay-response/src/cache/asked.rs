use super::{
    key::Kind,
    query::{Search, reduced, without_mask},
    rules::View,
    secondary::{part, values},
    shared::{Partition, Shared},
    storable::Why,
    stored::Stored,
    target::Target,
};
use crate::{Fields, ResponseKey, cache_control::RequestDirectives, validate::read_date};
use forebay_cache::Mode;
use http::{
    HeaderMap, HeaderName, Method,
    header::{
        AUTHORIZATION, CACHE_CONTROL, COOKIE, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        IF_UNMODIFIED_SINCE, PRAGMA, RANGE, UPGRADE,
    },
    request::Parts,
};
use std::time::SystemTime;

/// What becomes of a request.
pub(crate) enum Admission {
    /// It goes past the cache.
    Pass(Why),
    /// It may change something; what it changes is forgotten afterwards.
    Unsafe(Target),
    LookUp(Asked),
}

/// A request that the cache may answer.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) key: ResponseKey,
    pub(crate) target: Target,
    pub(crate) directives: RequestDirectives,
    pub(crate) head: bool,
    pub(crate) range: bool,
    /// The date of `If-Modified-Since`, where that counts.
    pub(crate) since: Option<SystemTime>,
    /// It carries credentials that are not in the key.
    pub(crate) credentials: bool,
    pub(crate) partitioned: bool,
    pub(crate) at: SystemTime,
}

/// Fields by which some frameworks are told another method than the request's.
static OVERRIDES: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
];

/// Which fields a request has that matter here, seen in one pass: a look-up for each would cost more than the rest of a hit.
#[derive(Default)]
struct Has {
    upgrade: bool,
    method_override: bool,
    precondition: bool,
    cookie: bool,
    range: bool,
    credentials: bool,
    directives: bool,
    none_match: bool,
    since: bool,
}

impl Has {
    fn by(headers: &HeaderMap) -> Self {
        let mut has = Self::default();
        for name in headers.keys() {
            if *name == COOKIE {
                has.cookie = true;
            } else if *name == AUTHORIZATION {
                has.credentials = true;
            } else if *name == RANGE {
                has.range = true;
            } else if *name == CACHE_CONTROL || *name == PRAGMA {
                has.directives = true;
            } else if *name == IF_NONE_MATCH {
                has.none_match = true;
            } else if *name == IF_MODIFIED_SINCE {
                has.since = true;
            } else if *name == UPGRADE {
                has.upgrade = true;
            } else if *name == IF_MATCH || *name == IF_UNMODIFIED_SINCE {
                has.precondition = true;
            } else if OVERRIDES.contains(name) {
                has.method_override = true;
            }
        }
        has
    }
}

impl Shared {
    /// `parameter` of the query holds the field mask, if the handler is one whose fields can be chosen.
    pub(crate) fn admit(&self, parts: &mut Parts, has_body: bool, parameter: Option<&str>) -> Admission {
        let headers = &parts.headers;
        if self.cache.mode() == Mode::Off {
            return Admission::Pass(Why::Off);
        }
        let Some(mut target) = Target::of(&parts.uri, headers.get(HOST), &self.policy.rules.space) else {
            return Admission::Pass(Why::Host);
        };
        if let (Some(parameter), Some(query)) = (parameter, &mut target.query) {
            // It is told apart by what it selects, and whatever changes the resource changes every part of it.
            *query = without_mask(query, parameter);
        }
        if !parts.method.is_safe() && parts.method != Method::CONNECT {
            return Admission::Unsafe(target);
        }
        let has = Has::by(headers);
        match self.refusal(parts, has_body, &target, &has) {
            Some(why) => Admission::Pass(why),
            None => self.look_up(parts, target, &has),
        }
    }

    fn refusal(&self, parts: &Parts, has_body: bool, target: &Target, has: &Has) -> Option<Why> {
        let hosts = &self.policy.rules.hosts;
        if parts.method != Method::GET && parts.method != Method::HEAD {
            Some(Why::Method)
        } else if !hosts.is_empty() && !hosts.iter().any(|host| host.eq_ignore_ascii_case(&target.host)) {
            Some(Why::Host)
        } else if has.upgrade {
            Some(Why::Upgrade)
        } else if has_body {
            Some(Why::Body)
        } else if has.method_override {
            Some(Why::MethodOverride)
        } else if has.precondition {
            // They ask for the resource itself (RFC 9111 section 4.3.2).
            Some(Why::Precondition)
        } else {
            None
        }
    }

    fn look_up(&self, parts: &mut Parts, mut target: Target, has: &Has) -> Admission {
        let rules = &self.policy.rules;
        let partition =
            self.policy.partitioner.as_ref().map_or(Partition::Shared, |partition| partition(parts));
        let partitioned = match &partition {
            Partition::Pass => return Admission::Pass(Why::Partition),
            Partition::Of(_) => true,
            Partition::Shared if has.cookie && has_other_cookies(&parts.headers, &rules.ignored_cookies) => {
                return Admission::Pass(Why::Cookie);
            }
            Partition::Shared if !rules.trust_extensions && self.policy.extensions.is_exceeded_by(parts) => {
                return Admission::Pass(Why::Extension);
            }
            Partition::Shared => false,
        };
        let headers = &parts.headers;
        self.reduce(&mut target);
        let mut rest = Vec::new();
        if let Partition::Of(name) = &partition {
            part(&mut rest, name.as_bytes());
        } else {
            // No name has this length.
            rest.extend_from_slice(&u64::MAX.to_be_bytes());
        }
        match parts.extensions.get::<Fields>().and_then(|fields| fields.0.as_ref()) {
            // The handler may read no more than that, whoever selects it from the response.
            Some(mask) if !mask.is_whole() => mask.add_to_key(&mut rest),
            // No mask begins like this.
            _ => rest.push(u8::MAX),
        }
        if rules.view == View::Keyed {
            values(headers, &self.policy.fields.vary, &mut rest);
        }
        Admission::LookUp(Asked {
            key: ResponseKey::new(&target.text(), Kind::Resource, &rest),
            directives: if has.directives {
                RequestDirectives::of(headers)
            } else {
                RequestDirectives::default()
            },
            head: parts.method == Method::HEAD,
            range: has.range,
            since: headers
                .get(IF_MODIFIED_SINCE)
                .filter(|_| has.since && !has.none_match)
                .and_then(read_date),
            credentials: !partitioned && has.credentials,
            partitioned,
            at: (self.now)(),
            target,
        })
    }

    /// Leaves of the query what makes a difference.
    pub(crate) fn reduce(&self, target: &mut Target) {
        let rule = &self.policy.rules.query;
        let Some(query) = target.query.take() else { return };
        let chosen = reduced(&query, rule, None).into_owned();
        target.searched =
            self.search_of(target).map(|search| reduced(&chosen, rule, Some(&search)).into_owned());
        target.query = Some(chosen);
    }

    /// How the queries of this path are told apart, if a response said so.
    fn search_of(&self, target: &Target) -> Option<Search> {
        if !self.policy.rules.no_vary_search {
            return None;
        }
        match &self.cache.peek(&target.search_key())?.0 {
            Stored::Search(search) => Some(search.clone()),
            _ => None,
        }
    }
}

/// Whether there is a cookie that may change the response.
fn has_other_cookies(headers: &HeaderMap, ignored: &[String]) -> bool {
    let lines = headers.get_all(COOKIE).iter();
    let mut names = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b';')).map(|pair| {
        let end = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        pair[..end].trim_ascii()
    });
    names.any(|name| !name.is_empty() && !ignored.iter().any(|known| known.as_bytes() == name))
}
