use super::{
    extensions::Known,
    fills::Fills,
    rules::{CacheRules, Fields},
    stored::StoredResponse,
    watch::Watch,
};
use crate::ResponseKey;
use forebay_cache::Cache;
use http::request::Parts;
use std::{fmt, sync::Arc, time::SystemTime};

/// Whose response a request asks for; see [`ResponseCacheBuilder::partition`](crate::ResponseCacheBuilder::partition).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// Everybody's: requests with cookies that are not ignored pass through, and those with credentials get only what
    /// says that it is for all.
    Shared,
    /// That of one client or group, by a name that nobody can choose for himself, such as a user's number out of a
    /// session that was checked. The handler sees cookies and credentials, and what it calls `private` is kept.
    Of(String),
    /// Not one to keep: the request passes through.
    Pass,
}

pub(crate) type Partitioner = Box<dyn Fn(&Parts) -> Partition + Send + Sync>;

/// What everything that serves one response cache has in common.
pub(crate) struct Shared {
    pub(crate) cache: Cache<ResponseKey, StoredResponse>,
    pub(crate) fills: Fills,
    pub(crate) watch: Watch,
    pub(crate) now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    pub(crate) policy: Policy,
}

/// The rules, ready for use.
pub(crate) struct Policy {
    pub(crate) rules: CacheRules,
    pub(crate) fields: Fields,
    pub(crate) partitioner: Option<Partitioner>,
    pub(crate) extensions: Known,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCache")
            .field("cache", &self.cache)
            .field("rules", &self.policy.rules)
            .finish_non_exhaustive()
    }
}
