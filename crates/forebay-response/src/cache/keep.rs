//! From a response to what is kept of it.

use super::{
    asked::Asked,
    lifetime::{Lifetime, age_on_arrival},
    query::Search,
    rules::{CacheRules, View},
    secondary,
    shared::Policy,
    storable::{Why, is_shared_with_credentials, storable},
    stored::{Body as KeptBody, Kept, StoredResponse},
    tags::{groups, is_for_others, unless_known},
    target::Target,
};
use crate::{CacheDirectives, Qualified, hop_by_hop::remove_hop_by_hop, service::Whole};
use bytes::Bytes;
use forebay_cache::{Load, Tag};
use forebay_scope::Scope;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{AGE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, LAST_MODIFIED},
    response::Parts,
};
use http_body::Body;
use std::time::{Duration, SystemTime};

/// When the handler was asked, and when it had answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) began: SystemTime,
    pub(crate) ended: SystemTime,
}

/// What a response's head says of keeping it.
#[derive(Debug)]
pub(crate) struct Verdict {
    lifetime: Lifetime,
    age: u64,
    for_credentials: bool,
    names: Vec<HeaderName>,
    search: Option<Search>,
    length: Option<u64>,
}

/// A response to keep.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) kept: Kept,
    /// By what requests are told apart that get another one.
    pub(crate) names: Vec<HeaderName>,
    pub(crate) search: Option<Search>,
}

/// How long it may be used, from now on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows {
    ttl: Duration,
    refresh: Duration,
    fallback: Duration,
}

/// What a 304 does not change (RFC 9111 section 3.2).
const OF_THE_BODY: [HeaderName; 4] = [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE];

impl Policy {
    /// Whether a response with this head may be kept.
    pub(crate) fn judged<B: Body>(
        &self,
        response: &Response<B>,
        arrival: &Arrival,
        asked: &Asked,
    ) -> Result<Verdict, Why> {
        if response.extensions().get::<crate::SecretAndReflected>().is_some() {
            return Err(Why::Secret);
        }
        let (headers, most) = (response.headers(), self.rules.body_bytes_max);
        let verdict = self.verdict(response.status(), headers, arrival, asked)?;
        let too_long =
            response.body().size_hint().lower() > most || verdict.length.is_some_and(|length| length > most);
        if too_long { Err(Why::TooLong) } else { Ok(verdict) }
    }

    fn verdict(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        arrival: &Arrival,
        asked: &Asked,
    ) -> Result<Verdict, Why> {
        let (mut said, targeted) = CacheDirectives::for_targets(headers, &self.fields.targets);
        if asked.partitioned {
            // It is kept for those alone whom it is for.
            said.private = Qualified::Absent;
        }
        storable(status, headers, &said, &self.rules, &self.fields)?;
        let lifetime = Lifetime::of(status, headers, (&said, targeted), &self.rules, arrival.ended);
        let lifetime = lifetime.ok_or(Why::NotFresh)?;
        let age = age_on_arrival(headers, arrival.began, arrival.ended);
        let validated = headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED);
        let stale = lifetime.stale_while_revalidate.max(lifetime.stale_if_error);
        if lifetime.fresh <= age && stale == 0 && !validated {
            return Err(Why::NotFresh);
        }
        let names = match self.rules.view {
            View::Whole => secondary::names(headers).unwrap_or_default(),
            View::Keyed => Vec::new(),
        };
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Ok(Verdict {
            lifetime,
            age,
            for_credentials: is_shared_with_credentials(&said),
            names,
            search: Search::of(headers).filter(|_| self.rules.no_vary_search),
            length,
        })
    }

    pub(crate) fn kept(&self, parts: Parts, whole: Whole, verdict: Verdict, arrival: &Arrival) -> Judged {
        let Parts { status, mut headers, .. } = parts;
        self.clean(&mut headers, arrival);
        let body = match whole.prepared {
            Some(prepared) if headers.get(CONTENT_TYPE) == Some(prepared.content_type()) => {
                KeptBody::Prepared(prepared)
            }
            // A copy, because the handler's bytes may be a small part of a large buffer that the bound would not see.
            _ => KeptBody::new(&headers, Bytes::copy_from_slice(&whole.data)),
        };
        verdict.of(status, headers, body, arrival)
    }

    /// What is kept, after the handler said that it still holds (RFC 9111 section 4.3.4), and why it may not
    /// be kept on.
    pub(crate) fn renewed(
        &self,
        previous: &Kept,
        said: &HeaderMap,
        arrival: &Arrival,
        asked: &Asked,
    ) -> (Judged, Option<Why>) {
        let mut headers = previous.headers.clone();
        for name in said.keys().filter(|name| !OF_THE_BODY.contains(name)) {
            headers.remove(name);
            for line in said.get_all(name) {
                headers.append(name, line.clone());
            }
        }
        if !said.contains_key(DATE) {
            // It was said now.
            headers.remove(DATE);
        }
        let verdict = self.verdict(previous.status, &headers, arrival, asked);
        self.clean(&mut headers, arrival);
        let refused = verdict.as_ref().err().copied();
        let verdict = verdict.unwrap_or_else(|_| Verdict {
            lifetime: Lifetime::default(),
            age: 0,
            for_credentials: false,
            names: Vec::new(),
            search: None,
            length: None,
        });
        let mut judged = verdict.of(previous.status, headers, previous.body.clone(), arrival);
        judged.kept.tags.clone_from(&previous.tags);
        (judged, refused)
    }

    fn clean(&self, headers: &mut HeaderMap, arrival: &Arrival) {
        // Section 3.1, and what is said anew each time.
        remove_hop_by_hop(headers);
        headers.remove(AGE);
        if !headers.contains_key(DATE) {
            // RFC 9110 section 6.6.1.
            let date = httpdate::fmt_http_date(arrival.ended);
            if let Ok(date) = HeaderValue::try_from(date) {
                headers.insert(DATE, date);
            }
        }
        let declared: &[HeaderName] = if self.rules.view == View::Keyed { &self.fields.vary } else { &[] };
        secondary::merged(headers, declared);
    }
}

impl Verdict {
    /// Whether a body is as long as it was said to be.
    pub(crate) fn has_length(&self, body: &Bytes) -> bool {
        self.length.is_none_or(|length| length == body.len() as u64)
    }

    fn of(self, status: StatusCode, mut headers: HeaderMap, body: KeptBody, arrival: &Arrival) -> Judged {
        headers.reserve(Kept::ADDED_HEADERS);
        let Self { lifetime, age, for_credentials, names, search, .. } = self;
        let arrived = arrival.ended;
        let kept = Kept { status, headers, body, arrived, age, lifetime, for_credentials, tags: Vec::new() };
        Judged { kept, names, search }
    }
}

impl Windows {
    pub(crate) fn of(kept: &Kept, rules: &CacheRules) -> Self {
        let validated = kept.headers.contains_key(ETAG) || kept.headers.contains_key(LAST_MODIFIED);
        let asked_about = if validated { rules.revalidate_for } else { Duration::ZERO };
        Self {
            ttl: kept.ttl(),
            refresh: Duration::from_secs(kept.lifetime.stale_while_revalidate),
            fallback: Duration::from_secs(kept.lifetime.stale_if_error).max(asked_about),
        }
    }

    pub(crate) fn decide(&self, load: &mut Load<StoredResponse>) {
        load.ttl(self.ttl).stale_while_revalidate(self.refresh).stale_if_error(self.fallback);
    }
}

/// Notes the tags of a response in the scope of its load: all that the entry has. The response remembers those that mean
/// something elsewhere.
pub(crate) fn note_tags(kept: &mut Kept, named: Vec<Tag>, target: &Target) -> Vec<Tag> {
    let read = Scope::with_current(|scope| scope.tags().as_slice().to_vec()).unwrap_or_default();
    kept.tags.extend(read.into_iter().chain(named));
    kept.tags.retain(is_for_others);
    let mut seen = std::collections::HashSet::new();
    kept.tags.retain(|tag| seen.insert(tag.clone()));
    let mut tags = kept.tags.clone();
    kept.tags.extend(unless_known());
    tags.push(target.tag());
    tags.extend(groups(&kept.headers, target));
    Scope::with_current(|scope| scope.read(tags.iter().cloned()));
    tags
}
