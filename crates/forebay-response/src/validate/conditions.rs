use super::{Base, EntityTag};
use crate::{AcceptEncoding, Coding, http_date::read_http_date};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};
use std::time::SystemTime;

/// The preconditions of a request (RFC 9110 section 13.1), but for `If-Range`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    matches: Vec<HeaderValue>,
    /// Counts only without `If-Match`.
    unmodified_since: Option<SystemTime>,
    none_match: Vec<HeaderValue>,
    /// Counts only without `If-None-Match`.
    modified_since: Option<SystemTime>,
}

/// What follows from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The request is to be answered as if it had none.
    Go,
    /// The client's copy is current: 304, with the tag of that copy where it has one.
    NotModified(Option<HeaderValue>),
    /// 412.
    Failed,
}

/// The state of what was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current<'a> {
    pub(crate) exists: bool,
    pub(crate) base: Base<'a>,
    pub(crate) modified: Option<SystemTime>,
}

impl Conditions {
    /// Nothing when the request has none.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let is_there = |name: &HeaderName| headers.contains_key(name);
        let any = is_there(&IF_NONE_MATCH)
            || is_there(&IF_MODIFIED_SINCE)
            || is_there(&IF_MATCH)
            || is_there(&IF_UNMODIFIED_SINCE);
        any.then(|| Self {
            matches: lines(headers, &IF_MATCH),
            unmodified_since: date(headers, &IF_UNMODIFIED_SINCE),
            none_match: lines(headers, &IF_NONE_MATCH),
            modified_since: date(headers, &IF_MODIFIED_SINCE),
        })
    }

    /// Whether it takes a tag to judge them.
    pub(crate) fn ask_for_a_tag(&self) -> bool {
        !self.matches.is_empty() || !self.none_match.is_empty()
    }

    /// Whether the request is to go ahead only if the client knows the present state.
    pub(crate) fn guard_a_change(&self) -> bool {
        !self.matches.is_empty() || self.unmodified_since.is_some()
    }

    /// Judges them in the order of RFC 9110 section 13.2.2. `is_read` says whether the method is GET or HEAD.
    pub(crate) fn judge(
        &self,
        is_read: bool,
        current: &Current<'_>,
        accepts: &AcceptEncoding,
        offered: &[Coding],
    ) -> Outcome {
        if !self.matches.is_empty() {
            if !self.holds_match(current) {
                return Outcome::Failed;
            }
        } else if let (Some(since), Some(modified)) = (self.unmodified_since, current.modified)
            && modified > since
        {
            return Outcome::Failed;
        }
        if !self.none_match.is_empty() {
            return match self.known(current, accepts, offered) {
                Some(etag) if is_read => Outcome::NotModified(etag),
                Some(_) => Outcome::Failed,
                None => Outcome::Go,
            };
        }
        match (self.modified_since, current.modified) {
            (Some(since), Some(modified)) if is_read && modified <= since => {
                Outcome::NotModified(current.base.plain())
            }
            _ => Outcome::Go,
        }
    }

    fn holds_match(&self, current: &Current<'_>) -> bool {
        if is_any(&self.matches) {
            return current.exists;
        }
        let is_listed = || {
            let mut tags = self.matches.iter().flat_map(|line| EntityTag::list(line.as_bytes()));
            tags.any(|listed| current.base.is_same(&listed))
        };
        matches!(current.base, Base::Unknown) || is_listed()
    }

    /// Whether the client has what is current. The tag is the listed one, as the client wrote it: looking for
    /// its copy before a coding is chosen is what lets a client that changed its codings keep its 304.
    #[expect(clippy::option_option, reason = "known by a tag, known without one, or not known")]
    fn known(
        &self,
        current: &Current<'_>,
        accepts: &AcceptEncoding,
        offered: &[Coding],
    ) -> Option<Option<HeaderValue>> {
        if is_any(&self.none_match) {
            return current.exists.then(|| current.base.plain());
        }
        let mut tags = self.none_match.iter().flat_map(|line| EntityTag::list(line.as_bytes()));
        let listed = tags.find(|listed| current.base.has_usable(listed, accepts, offered))?;
        Some(HeaderValue::from_bytes(listed.text).ok())
    }
}

fn lines(headers: &HeaderMap, name: &HeaderName) -> Vec<HeaderValue> {
    headers.get_all(name).iter().cloned().collect()
}

/// A date that stands alone; a list of them, or anything else, counts as absent (section 13.1.3).
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_none() { read_date(value) } else { None }
}

/// A date of any of the three forms of RFC 9110 section 5.6.7.
pub(crate) fn read_date(value: &HeaderValue) -> Option<SystemTime> {
    read_http_date(value.to_str().ok()?, SystemTime::now())
}

fn is_any(lines: &[HeaderValue]) -> bool {
    lines.iter().any(|line| line.as_bytes().trim_ascii() == b"*")
}
