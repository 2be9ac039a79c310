use super::script::Script;
use crate::{
    Fill, LeaseAnswer, LeaseAsk, LeaseState, LeaseTier, LeaseToken, Outcome, Removal, Stored, Tier,
    TierError,
    redis_scripts::{self, ScriptCall},
};
use async_trait::async_trait;
use bytes::Bytes;
use redis::{ErrorKind, RedisError, Value, aio::ConnectionLike};
use std::{fmt, time::Duration};

/// Redis strings as a tier, over a connection of the caller's that many tasks may use at once: a `ConnectionManager`, which
/// connects again by itself, or a `MultiplexedConnection`.
///
/// # Cancellation safety
/// Dropping a call gives up its answer and nothing else. A `put` or `remove` may still be carried out.
pub struct RedisTier<C> {
    connection: C,
    put: Script,
    remove: Script,
    lease: Script,
    renew_lease: Script,
    release_lease: Script,
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> RedisTier<C> {
    /// What an item may weigh here: Redis' own limit on a string, 512 MiB.
    pub const ITEM_BYTES_MAX: usize = 512 << 20;

    /// Uses a connection. Give it a response timeout; the cache's own deadline drops calls that take longer. In a cluster a
    /// batch would have to lie in one slot: use the tier on fred there.
    #[must_use]
    pub fn from_connection(connection: C) -> Self {
        Self {
            connection,
            put: Script::new(redis_scripts::PUT),
            remove: Script::new(redis_scripts::REMOVE),
            lease: Script::new(redis_scripts::LEASE),
            renew_lease: Script::new(redis_scripts::RENEW_LEASE),
            release_lease: Script::new(redis_scripts::RELEASE_LEASE),
        }
    }

    async fn run(
        &self,
        step: &'static str,
        script: &Script,
        calls: &[ScriptCall],
    ) -> Result<Vec<Value>, TierError> {
        script.call_all(&mut self.connection.clone(), calls).await.map_err(failed(step))
    }

    async fn call(&self, script: &Script, call: ScriptCall) -> Result<Value, TierError> {
        script.call(&mut self.connection.clone(), call).await.map_err(failed("lease"))
    }

    async fn read(&self, keys: &[Bytes]) -> Result<Vec<(i64, Option<Vec<u8>>)>, RedisError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::Pipeline::with_capacity(keys.len() * 2);
        for key in keys {
            // The time left is asked first: if a write comes between the two, an entry is taken for older than it is.
            pipeline.cmd("PTTL").arg(&key[..]).cmd("GET").arg(&key[..]);
        }
        let replies: Vec<Value> = pipeline.query_async(&mut self.connection.clone()).await?;
        let mut found = Vec::with_capacity(keys.len());
        let mut replies = replies.into_iter();
        while let (Some(left), Some(value)) = (replies.next(), replies.next()) {
            found.push((redis::from_redis_value(left)?, redis::from_redis_value(value)?));
        }
        if found.len() == keys.len() { Ok(found) } else { Err(unexpected()) }
    }
}

#[async_trait]
impl<C: ConnectionLike + Clone + Send + Sync + 'static> Tier for RedisTier<C> {
    fn name(&self) -> &str {
        "redis"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        let found = self.read(keys).await.map_err(failed("get"))?;
        Ok(found
            .into_iter()
            .map(|(left, value)| redis_scripts::stored(left, value.map(Bytes::from)))
            .collect())
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        let fits = |fill: &&Fill| fill.value.len() <= Self::ITEM_BYTES_MAX;
        let calls: Vec<ScriptCall> = fills.iter().filter(fits).map(redis_scripts::fill).collect();
        let mut replies = self.run("put", &self.put, &calls).await?.into_iter();
        let mut outcome = |fill: &Fill| match fits(&fill) {
            true => redis_scripts::outcome(replies.next().as_ref().and_then(number)),
            false => Outcome::Skipped,
        };
        Ok(fills.iter().map(&mut outcome).collect())
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        let calls: Vec<ScriptCall> = removals.iter().map(redis_scripts::removal).collect();
        self.run("remove", &self.remove, &calls).await?;
        Ok(())
    }

    fn leases(&self) -> Option<&dyn LeaseTier> {
        Some(self)
    }
}

#[async_trait]
impl<C: ConnectionLike + Clone + Send + Sync + 'static> LeaseTier for RedisTier<C> {
    async fn get_or_lease(&self, key: &Bytes, ask: &LeaseAsk) -> Result<LeaseAnswer, TierError> {
        let Some(call) = redis_scripts::ask(key, ask) else {
            let stored = self.get(std::slice::from_ref(key)).await?.into_iter().next().flatten();
            return Ok(LeaseAnswer { stored, state: LeaseState::Unavailable });
        };
        let Value::Array(parts) = self.call(&self.lease, call).await? else {
            return Err(failed("lease")(unexpected()));
        };
        let text = |at: usize| match parts.get(at) {
            Some(Value::BulkString(bytes)) => Some(bytes.clone()),
            _ => None,
        };
        let answer = match (parts.first().and_then(number), parts.get(2).and_then(number)) {
            (Some(left), Some(state)) => {
                redis_scripts::answer(left, text(1).map(Bytes::from), state, text(3).as_deref())
            }
            _ => None,
        };
        answer.ok_or_else(|| failed("lease")(unexpected()))
    }

    async fn renew(&self, key: &Bytes, token: LeaseToken, hold: Duration) -> Result<bool, TierError> {
        let Some(call) = redis_scripts::renewal(key, token, hold) else { return Ok(false) };
        Ok(number(&self.call(&self.renew_lease, call).await?) == Some(1))
    }

    async fn release(
        &self,
        key: &Bytes,
        token: LeaseToken,
        failure: Option<(&str, Duration)>,
    ) -> Result<(), TierError> {
        let Some(call) = redis_scripts::release(key, token, failure) else { return Ok(()) };
        self.call(&self.release_lease, call).await?;
        Ok(())
    }
}

impl<C> fmt::Debug for RedisTier<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTier").finish_non_exhaustive()
    }
}

fn number(reply: &Value) -> Option<i64> {
    match reply {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn unexpected() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "an unexpected number or kind of replies").into()
}

fn failed(step: &'static str) -> impl Fn(RedisError) -> TierError {
    move |source| TierError { tier: "redis", step, source: source.into() }
}
