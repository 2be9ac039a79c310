use super::{
    config::RedisConfig,
    link::Link,
    reads::Reads,
    script::{Call, Script},
};
use crate::{
    Fill, LeaseAnswer, LeaseAsk, LeaseState, LeaseTier, LeaseToken, Outcome, Removal, Stored, Tier,
    TierError,
    redis_scripts::{self, ScriptCall},
};
use async_trait::async_trait;
use bytes::Bytes;
use fred::{
    clients::Client,
    error::{Error, ErrorKind},
    types::Value,
};
use std::time::Duration;

/// Redis strings as a tier: on one server, a primary behind sentinels, or a cluster.
///
/// It connects in the background: while Redis is away, calls fail at once, and they work again after it is back.
///
/// # Cancellation safety
/// Dropping a call gives up its answer and nothing else. A `put` or `remove` may still be carried out.
#[derive(Debug)]
pub struct RedisTier {
    link: Link<Client>,
    reads: Reads,
    put: Script,
    remove: Script,
    lease: Script,
    renew_lease: Script,
    release_lease: Script,
}

impl RedisTier {
    /// What an item may weigh here: Redis' own limit on a string, 512 MiB.
    pub const ITEM_BYTES_MAX: usize = 512 << 20;

    /// Starts connecting to a server. Must be called within a tokio runtime; a server that is away is not an error.
    ///
    /// # Errors
    /// When the configuration cannot be meant: the URL does not parse, a timeout is zero.
    pub fn connect(config: &RedisConfig) -> Result<Self, TierError> {
        let client = config.client().map_err(failed("connect"))?;
        let reads = Reads::open(config, &client).map_err(failed("connect"))?;
        Ok(Self::over(Link::open(client, config), reads))
    }

    /// Uses a fred client that the caller has connected, configured and will close. Give it a command timeout, a
    /// reconnect policy, one attempt per command and a bounded command buffer: fred has none of them by default.
    #[must_use]
    pub fn from_client(client: Client) -> Self {
        let reads = Reads::of_primaries(&client);
        Self::over(Link::borrowed(client), reads)
    }

    fn over(link: Link<Client>, reads: Reads) -> Self {
        Self {
            link,
            reads,
            put: Script::new(redis_scripts::PUT),
            remove: Script::new(redis_scripts::REMOVE),
            lease: Script::new(redis_scripts::LEASE),
            renew_lease: Script::new(redis_scripts::RENEW_LEASE),
            release_lease: Script::new(redis_scripts::RELEASE_LEASE),
        }
    }

    /// Whether the connection is up at the moment.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.link.is_up()
    }

    /// Closes the connection, unless the client is the caller's. Calls fail from then on.
    pub async fn shutdown(&self) {
        self.reads.shutdown().await;
        self.link.shutdown().await;
    }

    async fn run(
        &self,
        script: &Script,
        calls: impl IntoIterator<Item = ScriptCall>,
    ) -> Result<Vec<Value>, Error> {
        let client = self.link.ready()?;
        let calls: Vec<Call> = calls.into_iter().map(Call::from).collect();
        self.link.note(script.call_all(client, &calls).await)
    }

    async fn call(&self, script: &Script, call: ScriptCall) -> Result<Value, Error> {
        let client = self.link.ready()?;
        self.link.note(script.call(client, call.into()).await)
    }
}

#[async_trait]
impl Tier for RedisTier {
    fn name(&self) -> &str {
        "redis"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        self.reads.read(&self.link, keys).await.map_err(failed("get"))
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        let fits = |fill: &&Fill| fill.value.len() <= Self::ITEM_BYTES_MAX;
        let calls = fills.iter().filter(fits).map(redis_scripts::fill);
        let mut replies = self.run(&self.put, calls).await.map_err(failed("put"))?.into_iter();
        let mut outcome = |fill: &Fill| match fits(&fill) {
            true => redis_scripts::outcome(replies.next().and_then(|reply| reply.as_i64())),
            false => Outcome::Skipped,
        };
        Ok(fills.iter().map(&mut outcome).collect())
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        let calls = removals.iter().map(redis_scripts::removal);
        self.run(&self.remove, calls).await.map_err(failed("remove"))?;
        Ok(())
    }

    fn leases(&self) -> Option<&dyn LeaseTier> {
        Some(self)
    }
}

#[async_trait]
impl LeaseTier for RedisTier {
    /// On the primary, whatever entries are read from.
    async fn get_or_lease(&self, key: &Bytes, ask: &LeaseAsk) -> Result<LeaseAnswer, TierError> {
        let Some(call) = redis_scripts::ask(key, ask) else {
            let stored = self.get(std::slice::from_ref(key)).await?.into_iter().next().flatten();
            return Ok(LeaseAnswer { stored, state: LeaseState::Unavailable });
        };
        let reply = self.call(&self.lease, call).await.map_err(failed("lease"))?;
        let mut parts = reply.into_array().into_iter();
        let mut part = || parts.next().unwrap_or(Value::Null);
        let (left, value, state, detail) = (part(), part(), part(), part());
        let value = bytes_of(&value).map_err(failed("lease"))?;
        let detail = bytes_of(&detail).map_err(failed("lease"))?;
        let answer = match (left.as_i64(), state.as_i64()) {
            (Some(left), Some(state)) => redis_scripts::answer(left, value, state, detail.as_deref()),
            _ => None,
        };
        answer.ok_or_else(|| {
            failed("lease")(Error::new(ErrorKind::Protocol, "an unexpected answer to a lease"))
        })
    }

    async fn renew(&self, key: &Bytes, token: LeaseToken, hold: Duration) -> Result<bool, TierError> {
        let Some(call) = redis_scripts::renewal(key, token, hold) else { return Ok(false) };
        let reply = self.call(&self.renew_lease, call).await.map_err(failed("lease"))?;
        Ok(reply.as_i64() == Some(1))
    }

    async fn release(
        &self,
        key: &Bytes,
        token: LeaseToken,
        failure: Option<(&str, Duration)>,
    ) -> Result<(), TierError> {
        let Some(call) = redis_scripts::release(key, token, failure) else { return Ok(()) };
        self.call(&self.release_lease, call).await.map_err(failed("lease"))?;
        Ok(())
    }
}

pub(super) fn bytes_of(value: &Value) -> Result<Option<Bytes>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::Bytes(bytes) => Ok(Some(bytes.clone())),
        Value::String(text) => Ok(Some(text.inner().clone())),
        _ => Err(Error::new(ErrorKind::Protocol, "a string was expected")),
    }
}

fn failed(step: &'static str) -> impl Fn(Error) -> TierError {
    move |source| TierError { tier: "redis", step, source: source.into() }
}
