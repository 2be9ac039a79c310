use super::surrogate::{SurrogateRule, SurrogateStyle};
use crate::{CacheTarget, Error};
use http::HeaderName;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a response cache keeps, by which key, and what the handler sees while an entry is filled; as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheRules {
    /// The name of this cache in `Cache-Status` (RFC 9211), a token; empty to leave the field out.
    /// Default: `forebay`.
    pub name: String,
    /// Hosts whose responses are kept; others pass through. Default: empty, every host, each with keys of its own.
    pub hosts: Vec<String>,
    /// Goes before the path in every key: layers that share a cache below different prefixes which the router takes
    /// away (axum's `nest`) need different ones. Default: empty.
    pub space: String,
    /// Which part of the query belongs to the key. Default: all of it.
    pub query: QueryRule,
    /// What the handler sees while an entry is filled. Default: [`View::Keyed`].
    pub view: View,
    /// Request fields that belong to the key: with [`View::Keyed`] the handler sees these and no others, and they
    /// are added to `Vary`. A response whose `Vary` names anything else is not kept. Default: none.
    pub vary: Vec<String>,
    /// Request fields that the handler sees with [`View::Keyed`] though they are not in the key: only such as cannot
    /// change the response. Default: `traceparent`, `tracestate`, `x-request-id`.
    pub forward: Vec<String>,
    /// Cookies that never change a response. A request with any other passes through. Default: none.
    pub ignored_cookies: Vec<String>,
    /// Whether requests are answered from the cache whatever extensions layers outside gave them, and the handler sees all
    /// of these while an entry is filled: only where none of them can change a response. Default: `false`, each type is
    /// [declared](crate::ResponseCacheBuilder::forward_extension) or its requests pass through.
    pub trust_extensions: bool,
    /// Whether a client's `Cache-Control` may ask for a fresher response than the one that is kept (RFC 9111 section
    /// 5.2.1). Off, only `only-if-cached` and `no-store` count. Default: `true`.
    pub client_directives: bool,
    /// Fields that go before `Cache-Control` (RFC 9213), each ending in `-cache-control`; the first that is there wins. Default: `cdn-cache-control`.
    pub targets: Vec<String>,
    /// How long a response is fresh that does not say so, where its status allows to guess (RFC 9110 section 15.1).
    /// Default: none, it is not kept.
    #[serde(with = "humantime_serde")]
    pub default_ttl: Option<Duration>,
    /// The longest time a response is fresh, whatever it says. Default: 365 days.
    #[serde(with = "humantime_serde")]
    pub ttl_max: Duration,
    /// The same for a status of 500 and above. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub error_ttl_max: Duration,
    /// How long a stale response is served while it is refreshed, where it does not say (RFC 5861). Default: 0.
    #[serde(with = "humantime_serde")]
    pub stale_while_revalidate: Duration,
    /// How long a stale response stands in for an error (500, 502, 503, 504), where it does not say (RFC 5861).
    /// Default: 0.
    #[serde(with = "humantime_serde")]
    pub stale_if_error: Duration,
    /// How long a stale response with a validator is kept, to ask the handler whether it still holds. Default: 10 min.
    #[serde(with = "humantime_serde")]
    pub revalidate_for: Duration,
    /// How long it is remembered that a resource is not to be kept, so that nobody waits for another's response there
    /// (hit-for-miss). 0 for not at all. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub pass_for: Duration,
    /// The longest body that is kept; longer ones stream through. Default: 10 MiB.
    pub body_bytes_max: u64,
    /// How long a body may take to arrive; slower ones stream through. Default: 5 s.
    #[serde(with = "humantime_serde")]
    pub body_wait: Duration,
    /// How many variants of one resource are kept, by the values of what its `Vary` names; the one that was not used
    /// for the longest time goes. Only with [`View::Whole`]. Default: 64.
    pub variants_max: usize,
    /// Whether `No-Vary-Search` of a response is followed. Default: `true`.
    pub no_vary_search: bool,
    /// Response fields that name tags, separated by spaces or commas: `Surrogate-Key`, `Cache-Tag`, `xkey`. They are told to
    /// nobody but by `surrogate`, whose own field is one of them (but for `Cache-Groups`). Default: none.
    pub tags_from: Vec<String>,
    /// How tags are told to a CDN in front. Default: not.
    pub surrogate: Option<SurrogateRule>,
}

/// Which part of the query belongs to the key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryRule {
    /// All of it, byte by byte.
    #[default]
    All,
    /// The parameters of these names, sorted by name; the handler sees no others while an entry is filled.
    Names(Vec<String>),
}

/// What the handler sees while an entry is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// What is in the key, and nothing else: what one client sends cannot get into what others are served.
    #[default]
    Keyed,
    /// The request as it came, but for validators, ranges and codings: for origins whose `Vary` can be trusted
    /// (RFC 9111 section 4.1).
    Whole,
}

impl Default for CacheRules {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            name: "forebay".to_owned(),
            hosts: Vec::new(),
            space: String::new(),
            query: QueryRule::All,
            view: View::Keyed,
            vary: Vec::new(),
            forward: names(&["traceparent", "tracestate", "x-request-id"]),
            ignored_cookies: Vec::new(),
            trust_extensions: false,
            client_directives: true,
            targets: names(&["cdn-cache-control"]),
            default_ttl: None,
            ttl_max: Duration::from_secs(365 * 24 * 3600),
            error_ttl_max: Duration::from_secs(10),
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            revalidate_for: Duration::from_secs(600),
            pass_for: Duration::from_secs(10),
            body_bytes_max: 10 << 20,
            body_wait: Duration::from_secs(5),
            variants_max: 64,
            no_vary_search: true,
            tags_from: Vec::new(),
            surrogate: None,
        }
    }
}

/// The names of the rules, ready for comparison.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) vary: Vec<HeaderName>,
    pub(crate) forward: Vec<HeaderName>,
    pub(crate) targets: Vec<CacheTarget>,
    pub(crate) tags_from: Vec<HeaderName>,
    pub(crate) only_with: Option<HeaderName>,
}

impl CacheRules {
    /// Checks the values and reads the names.
    pub(crate) fn fields(&self) -> Result<Fields, Error> {
        let is_token = self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !is_token || self.name.starts_with(|first: char| !first.is_ascii_alphabetic()) {
            return Err(Error::Name { key: "name", found: self.name.clone() });
        }
        if self.variants_max == 0 {
            return Err(Error::OutOfRange { key: "variants_max", expected: "at least 1", found: 0 });
        }
        let only_with = self.surrogate.as_ref().and_then(|rule| rule.only_with.clone());
        let mut only_with = read("surrogate.only_with", only_with.as_slice())?;
        let mut tags_from = read("tags_from", &self.tags_from)?;
        let told = self.surrogate.as_ref().map(|rule| rule.style);
        tags_from
            .extend(told.filter(|style| *style != SurrogateStyle::CacheGroups).map(SurrogateStyle::field));
        let mut vary = read("vary", &self.vary)?;
        // One order, so that the same rules make the same keys.
        vary.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        vary.dedup();
        Ok(Fields {
            vary,
            forward: read("forward", &self.forward)?,
            targets: self.targets.iter().map(|name| target(name)).collect::<Result<_, _>>()?,
            tags_from,
            only_with: only_with.pop(),
        })
    }
}

fn target(name: &str) -> Result<CacheTarget, Error> {
    CacheTarget::named(name).map_err(|_| Error::Name { key: "targets", found: name.to_owned() })
}

fn read(key: &'static str, names: &[String]) -> Result<Vec<HeaderName>, Error> {
    let read =
        |name: &String| HeaderName::try_from(name).map_err(|_| Error::Name { key, found: name.clone() });
    names.iter().map(read).collect()
}
