use super::{
    config::MemcachedConfig,
    key::wire_key,
    settle::{Settled, settle},
};
use crate::{
    Fill, LeaseTier, Outcome, Removal, Stored, Tier, TierError,
    envelope::{stamp_of, tombstone},
    tiers::GatheredReads,
};
use async_trait::async_trait;
use bytes::Bytes;
use memcache::exp::{AsyncMetaClient, Error, Get, GetResult, Meta, Rendezvous, Router as _, Set, Ttl};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// The longest time Memcached does not read as a date.
const KEEP_SECONDS_MAX: u64 = 30 * 24 * 60 * 60;

/// Memcached items as a tier.
///
/// It connects when it is first used and again when it has to; while a server is away, calls that need it fail.
///
/// # Cancellation safety
/// A dropped call gives up its connection as well, so nobody else reads its answer. A `put` or `remove` may still
/// be carried out, in part or whole.
pub struct MemcachedTier {
    config: MemcachedConfig,
    /// Made at the first use that finds the servers' names resolved.
    client: OnceCell<AsyncMetaClient>,
    /// Of each server, so that one that is away keeps nobody from the others. None with a client of the caller's, who alone
    /// knows where that looks for a key.
    gathers: Vec<GatheredReads<Arc<Error>>>,
}

impl MemcachedTier {
    /// Gets ready to use some servers; servers that are away are not an error.
    ///
    /// # Errors
    /// When the configuration cannot be meant: no server, a name without a port, a timeout of zero.
    pub fn connect(config: MemcachedConfig) -> Result<Self, TierError> {
        config.check().map_err(|why| TierError { tier: "memcached", step: "connect", source: why.into() })?;
        let gathers = config.servers.iter().map(|_| GatheredReads::new()).collect();
        Ok(Self { config, client: OnceCell::new(), gathers })
    }

    /// Uses a client that the caller has made, with timeouts; of `config` only the size limit counts.
    #[must_use]
    pub fn from_client(client: AsyncMetaClient, config: MemcachedConfig) -> Self {
        Self { config, client: OnceCell::from(client), gathers: Vec::new() }
    }

    pub(super) async fn client(&self) -> Result<&AsyncMetaClient, TierError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let connect = async || {
            AsyncMetaClient::builder()
                .connect_timeout(Some(self.config.connect_timeout))
                .io_timeout(Some(self.config.command_timeout))
                .max_connections(Some(self.config.connections_max))
                .max_idle(self.config.idle_max)
                .router(Rendezvous::new())
                .connect_multiple_async(self.config.servers.clone())
                .await
        };
        let resolved =
            tokio::time::timeout(self.config.connect_timeout, self.client.get_or_try_init(connect));
        match resolved.await {
            Ok(client) => client.map_err(failed("connect")),
            Err(elapsed) => Err(TierError { tier: "memcached", step: "connect", source: elapsed.into() }),
        }
    }

    /// What gathers the reads of the server that has `key`.
    fn gather(&self, key: &Bytes) -> Option<&GatheredReads<Arc<Error>>> {
        match &self.gathers[..] {
            [only] => Some(only),
            several => several.get(Rendezvous::new().route(&wire_key(key), &self.config.servers)),
        }
    }

    fn fits(&self, fill: &Fill) -> bool {
        fill.keep.is_none_or(|keep| keep >= Duration::from_secs(1))
            && wire_key(&fill.key).len() + fill.value.len() <= self.config.item_bytes_max
    }
}

#[async_trait]
impl Tier for MemcachedTier {
    fn name(&self) -> &str {
        "memcached"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        let client = self.client().await?;
        if let [key] = keys
            && let Some(gather) = self.gather(key)
        {
            let call = async |keys: Vec<Bytes>| read_all(client, &keys).await.map_err(Arc::new);
            return Ok(vec![gather.read(key, call).await.map_err(failed("get"))?]);
        }
        read_all(client, keys).await.map_err(failed("get"))
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        let client = self.client().await?;
        let fitting = fills.iter().filter(|fill| self.fits(fill));
        let adds =
            fitting.map(|fill| Set::new(wire_key(&fill.key), &fill.value).ttl(entry_ttl(fill.keep)).add());
        let added = client.run_many(adds).await.map_err(failed("put"))?;

        let mut outcomes = vec![Outcome::Skipped; fills.len()];
        let mut taken = Vec::new();
        let fitting = (0..fills.len()).filter(|at| self.fits(&fills[*at]));
        for (at, result) in fitting.zip(added) {
            if result.map_err(failed("put"))?.applied() {
                outcomes[at] = Outcome::Stored;
            } else {
                taken.push(at);
            }
        }
        let keys: Vec<_> = taken.iter().map(|at| wire_key(&fills[*at].key)).collect();
        let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
        let replace = |n: usize, held: &GetResult| {
            let fill = &fills[taken[n]];
            let newer = held.value.as_deref().and_then(stamp_of) > Some(fill.stamp);
            (!newer).then(|| Set::new(keys[n], &fill.value).ttl(entry_ttl(fill.keep)))
        };
        let settled = settle(client, &keys, replace).await.map_err(failed("put"))?;
        for (at, settled) in taken.iter().zip(settled) {
            // Where others keep writing, theirs are as good as this one.
            outcomes[*at] = if settled == Settled::Written { Outcome::Stored } else { Outcome::Refused };
        }
        Ok(outcomes)
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        let client = self.client().await?;
        let keys: Vec<_> = removals.iter().map(|removal| wire_key(&removal.key)).collect();
        let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
        let bury = |n: usize, held: &GetResult| buried(keys[n], &removals[n], held);
        let settled = settle(client, &keys, bury).await.map_err(failed("remove"))?;
        if settled.contains(&Settled::Contended) {
            let source = "an item kept changing".into();
            return Err(TierError { tier: "memcached", step: "remove", source });
        }
        Ok(())
    }

    fn leases(&self) -> Option<&dyn LeaseTier> {
        Some(self)
    }
}

impl fmt::Debug for MemcachedTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemcachedTier").field("config", &self.config).finish_non_exhaustive()
    }
}

/// One round trip per server. The keys of a server that fails are misses where another one answers.
async fn read_all(client: &AsyncMetaClient, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, Error> {
    if let [key] = keys {
        return Ok(vec![stored(client.run(read(key)).await?)]);
    }
    let results = client.run_many(keys.iter().map(|key| read(key))).await?;
    if results.iter().any(Result::is_ok) {
        return Ok(results.into_iter().map(|result| result.ok().and_then(stored)).collect());
    }
    // Nobody answered, or there was no question.
    results.into_iter().map(|result| result.map(stored)).collect()
}

/// The tombstone to put in place of what is there, unless that refuses as much for as long.
fn buried(key: &[u8], removal: &Removal, held: &GetResult) -> Option<Set> {
    let stone = tombstone(&removal.key, removal.stamp);
    let seconds = seconds_up(removal.keep);
    let lasting = |value: &[u8]| {
        let is_entry = value.len() > stone.len();
        is_entry || held.item.ttl.is_some_and(|left| left < 0 || left >= i64::from(seconds))
    };
    let stone = match held.value.as_deref() {
        Some(value) if stamp_of(value) >= Some(removal.stamp) => {
            if lasting(value) {
                return None;
            }
            value
        }
        _ => &stone,
    };
    Some(Set::new(key, stone).ttl(Ttl::secs(seconds)))
}

/// What reads an entry.
pub(super) fn read(key: &[u8]) -> Get {
    Get::new(wire_key(key)).meta(Meta::NONE.ttl())
}

pub(super) fn stored(result: GetResult) -> Option<Stored> {
    // An item without a known time left, which is not "no limit", counts as if it had none left.
    let remaining = match result.item.ttl {
        Some(-1) => None,
        Some(left) => Some(Duration::from_secs(u64::try_from(left - 1).unwrap_or(0))),
        None => Some(Duration::ZERO),
    };
    Some(Stored { value: result.value?.into(), remaining })
}

/// Never longer than asked.
fn entry_ttl(keep: Option<Duration>) -> Ttl {
    let seconds =
        |keep: Duration| u32::try_from(keep.as_secs().clamp(1, KEEP_SECONDS_MAX)).unwrap_or(u32::MAX);
    keep.map_or(Ttl::NEVER, |keep| Ttl::secs(seconds(keep)))
}

/// Never shorter than asked: Memcached's clock ticks once a second, so an item may go up to a second early.
pub(super) fn seconds_up(keep: Duration) -> u32 {
    u32::try_from((keep.as_secs().saturating_add(2)).min(KEEP_SECONDS_MAX)).unwrap_or(u32::MAX)
}

pub(super) fn failed<E: std::error::Error + Send + Sync + 'static>(
    step: &'static str,
) -> impl Fn(E) -> TierError {
    move |source| TierError { tier: "memcached", step, source: source.into() }
}
