use super::{lifetime::Lifetime, query::Search, secondary::values, wire::Wire};
use crate::{
    Prepared,
    service::{Ready, ResponseBody},
};
use bytes::Bytes;
use forebay_cache::Tag;
use http::{HeaderMap, HeaderName, Response, StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// What a response cache keeps under a [`ResponseKey`](crate::ResponseKey).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct StoredResponse(pub(crate) Stored);

#[derive(Debug, Clone)]
pub(crate) enum Stored {
    Response(Arc<Kept>),
    /// The responses of this resource differ by these fields.
    Varies(Varies),
    /// Queries of this path are told apart so.
    Search(Search),
    /// This resource is not to be kept: nobody waits for another's response.
    Pass,
}

/// A response that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// When it arrived, and how old it was then.
    pub(crate) arrived: SystemTime,
    pub(crate) age: u64,
    pub(crate) lifetime: Lifetime,
    /// Whether requests with credentials may be answered with it.
    pub(crate) for_credentials: bool,
    /// What it was made from, for CDNs and for the entry that follows a 304.
    pub(crate) tags: Vec<Tag>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// With its encoded forms.
    Prepared(Prepared),
    /// Of no content type.
    Plain(Bytes),
}

/// By what the responses of a resource differ.
#[derive(Debug, Clone)]
pub(crate) struct Varies {
    pub(crate) names: Vec<HeaderName>,
    /// Part of the keys of all variants: a marker that is made anew knows nothing of older ones.
    pub(crate) generation: u64,
    /// The variants this node has, the one used last at the end.
    known: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Varies {
    pub(crate) fn new(names: Vec<HeaderName>, generation: u64) -> Self {
        Self { names, generation, known: Arc::default() }
    }

    /// What a request says in these fields.
    pub(crate) fn values(&self, headers: &HeaderMap) -> Vec<u8> {
        let mut said = Vec::new();
        values(headers, &self.names, &mut said);
        said
    }

    /// Notes that a variant is used; those that have to go for it.
    pub(crate) fn used(&self, values: &[u8], variants_max: usize) -> Vec<Vec<u8>> {
        let mut known = self.known();
        if let Some(at) = known.iter().position(|known| known == values) {
            let used = known.remove(at);
            known.push(used);
            return Vec::new();
        }
        known.push(values.to_vec());
        let surplus = known.len().saturating_sub(variants_max);
        known.drain(..surplus).collect()
    }

    fn known(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        // Every change is one move or push, so a panic leaves a whole list.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Room in the table of headers for those that are added when it is sent (`Age`, `Cache-Status`, those of its form), so that
    /// a copy of it need not grow.
    pub(crate) const ADDED_HEADERS: usize = 8;

    /// How old it is (RFC 9111 section 4.2.3), in seconds.
    pub(crate) fn age(&self, now: SystemTime) -> u64 {
        self.age.saturating_add(now.duration_since(self.arrived).unwrap_or_default().as_secs())
    }

    /// How much longer it is fresh; nothing when it is stale.
    pub(crate) fn fresh_for(&self, now: SystemTime) -> Option<u64> {
        self.lifetime.fresh.checked_sub(self.age(now)).filter(|left| *left > 0)
    }

    /// For how many seconds it has been stale.
    pub(crate) fn stale_for(&self, now: SystemTime) -> u64 {
        self.age(now).saturating_sub(self.lifetime.fresh)
    }

    /// How long it is fresh from its arrival on.
    pub(crate) fn ttl(&self) -> Duration {
        Duration::from_secs(self.lifetime.fresh.saturating_sub(self.age))
    }

    /// The response as it is kept.
    pub(crate) fn whole<B>(&self) -> Response<ResponseBody<B>> {
        let mut response = Response::new(ResponseBody::from(Ready::Whole(self.body.bytes().clone(), None)));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        if let Body::Prepared(prepared) = &self.body {
            response.extensions_mut().insert(prepared.clone());
        }
        response
    }

    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        self.status == other.status
            && self.body.bytes() == other.body.bytes()
            && self.headers.get(CONTENT_TYPE) == other.headers.get(CONTENT_TYPE)
    }

    pub(crate) fn bytes_held(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        let body = match &self.body {
            // Encoded forms are made later: as much again is taken as what they will take.
            Body::Prepared(prepared) => prepared.body().len() * 2,
            Body::Plain(body) => body.len(),
        };
        headers + body
    }
}

impl Body {
    pub(crate) fn new(headers: &HeaderMap, data: Bytes) -> Self {
        match headers.get(CONTENT_TYPE) {
            Some(content_type) => Self::Prepared(Prepared::new(content_type.clone(), data)),
            None => Self::Plain(data),
        }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        match self {
            Self::Prepared(prepared) => prepared.body(),
            Self::Plain(body) => body,
        }
    }
}

impl StoredResponse {
    /// Whether two are the same to a client: how observing mode judges.
    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Stored::Response(a), Stored::Response(b)) => a.is_equal(b),
            (Stored::Pass, Stored::Pass) => true,
            (Stored::Varies(a), Stored::Varies(b)) => a.names == b.names,
            _ => false,
        }
    }

    pub(crate) fn kept(&self) -> Option<&Arc<Kept>> {
        if let Stored::Response(kept) = &self.0 { Some(kept) } else { None }
    }

    pub(crate) fn bytes_held(&self) -> usize {
        self.kept().map_or(64, |kept| kept.bytes_held())
    }
}
