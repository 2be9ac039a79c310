use super::answer::Answer;
use crate::{
    model::{Account, Fragment, LedgerPage, Payment},
    page::PageKey,
};
use forebay::{
    DataPath,
    cache::{Cache, CacheError, CacheKey, Tag},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};

/// Nothing here is kept longer, invalidated or not.
const TTL: Duration = Duration::from_secs(600);
/// The name of the cache of finished answers.
pub(super) const ANSWERS_CACHE: &str = "answers";
/// Memory for finished answers.
const ANSWERS_BYTES: u64 = 192 << 20;
/// About how many answers that is.
const ANSWERS: usize = 32_000;

/// The caches of a node. Answers are kept in memory alone: their parts are what nodes share.
#[derive(Debug)]
pub(super) struct Caches {
    pub(super) answers: Cache<PageKey, Answer>,
    pub(super) accounts: Cache<i64, AccountState>,
    pub(super) orders: Cache<i64, Fragment>,
    pub(super) holdings: Cache<i64, Fragment>,
    pub(super) ledgers: Cache<(i64, Arc<str>), LedgerPage>,
    pub(super) searches: Cache<String, Fragment>,
}

/// What changes with every payment, and so is one entry: read together, invalidated together.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccountState {
    pub(super) account: Arc<Account>,
    pub(super) payments: Arc<Vec<Payment>>,
}

/// What a payment changes.
pub(super) fn account_tag(id: i64) -> Tag {
    Tag::of("account", id)
}

/// What only a new order would change.
pub(super) fn orders_tag(id: i64) -> Tag {
    Tag::of("orders", id)
}

/// What only a new catalogue would change.
pub(super) fn catalogue_tag() -> Tag {
    Tag::named("catalogue")
}

impl Caches {
    pub(super) fn new(data: &DataPath) -> Result<Self, CacheError> {
        let answers = data.cache(ANSWERS_CACHE).ttl(TTL).jitter(0.1);
        Ok(Self {
            answers: answers
                .capacity_by_weight(ANSWERS_BYTES, ANSWERS, |_, answer: &Answer| answer.bytes())
                .build()?,
            accounts: part(data, "accounts", 20_000)?,
            orders: part(data, "orders", 10_000)?,
            holdings: part(data, "holdings", 5_000)?,
            ledgers: part(data, "ledgers", 10_000)?,
            searches: part(data, "searches", 5_000)?,
        })
    }
}

/// A cache of parts: `entries` of them in memory, all of them in Redis.
fn part<K, V>(data: &DataPath, name: &str, entries: usize) -> Result<Cache<K, V>, CacheError>
where
    K: CacheKey,
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    data.cache(name).capacity(entries).ttl(TTL).jitter(0.1).shared().build()
}

impl CacheKey for PageKey {
    fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Self::Dashboard(id) => (b'd', *id).with_bytes(f),
            Self::Portfolio(id) => (b'p', *id).with_bytes(f),
            Self::Ledger(id, None) => (b'l', *id).with_bytes(f),
            Self::Ledger(id, Some(after)) => (b'l', *id, Arc::clone(after.text())).with_bytes(f),
            Self::Search(query) => (b's', query.clone()).with_bytes(f),
        }
    }
}
