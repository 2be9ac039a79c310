use super::{
    config::RedisConfig,
    link::Link,
    reads::Reads,
    script::{Call, Script},
};
use crate::{
    Fill, Outcome, Removal, Stored, Tier, TierError,
    envelope::{MILLIS_MAX, tombstone},
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
        let reads = Reads::open(config).map_err(failed("connect"))?;
        Ok(Self::over(Link::open(client, config), reads))
    }

    /// Uses a fred client that the caller has connected, configured and will close. Give it a command timeout, a
    /// reconnect policy, one attempt per command and a bounded command buffer: fred has none of them by default.
    #[must_use]
    pub fn from_client(client: Client) -> Self {
        Self::over(Link::borrowed(client), Reads::Primary)
    }

    fn over(link: Link<Client>, reads: Reads) -> Self {
        Self {
            link,
            reads,
            put: Script::new(include_str!("scripts/put.lua")),
            remove: Script::new(include_str!("scripts/remove.lua")),
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

    async fn run(&self, script: &Script, calls: &[Call]) -> Result<Vec<Value>, Error> {
        let client = self.link.ready()?;
        self.link.note(script.call_all(client, calls).await)
    }
}

#[async_trait]
impl Tier for RedisTier {
    fn name(&self) -> &str {
        "redis"
    }

    async fn get(&self, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, TierError> {
        let replies = self.reads.read(&self.link, keys).await.map_err(failed("get"))?;
        replies
            .chunks_exact(2)
            .map(|pair| stored(&pair[0], &pair[1]))
            .collect::<Result<_, _>>()
            .map_err(failed("get"))
    }

    async fn put(&self, fills: &[Fill]) -> Result<Vec<Outcome>, TierError> {
        let fits = |fill: &&Fill| fill.value.len() <= Self::ITEM_BYTES_MAX;
        let calls: Vec<Call> = fills.iter().filter(fits).map(fill_call).collect();
        let mut replies = self.run(&self.put, &calls).await.map_err(failed("put"))?.into_iter();
        let mut outcome = |fill: &Fill| {
            if !fits(&fill) {
                return Outcome::Skipped;
            }
            match replies.next().and_then(|reply| reply.as_i64()) {
                Some(1) => Outcome::Stored,
                _ => Outcome::Refused,
            }
        };
        Ok(fills.iter().map(&mut outcome).collect())
    }

    async fn remove(&self, removals: &[Removal]) -> Result<(), TierError> {
        let calls: Vec<Call> = removals
            .iter()
            .map(|removal| Call {
                keys: vec![removal.key.clone()],
                arguments: vec![tombstone(&removal.key, removal.stamp).into(), millis(removal.keep)],
            })
            .collect();
        self.run(&self.remove, &calls).await.map_err(failed("remove"))?;
        Ok(())
    }
}

fn fill_call(fill: &Fill) -> Call {
    Call {
        keys: vec![fill.key.clone()],
        arguments: vec![fill.value.clone().into(), fill.keep.map_or_else(|| Value::from(""), millis)],
    }
}

/// Redis takes no expiry of zero, and none that overflows when its clock is added.
fn millis(duration: Duration) -> Value {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(MILLIS_MAX).clamp(1, MILLIS_MAX);
    Value::Integer(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn stored(left: &Value, value: &Value) -> Result<Option<Stored>, Error> {
    let value = match value {
        Value::Null => return Ok(None),
        Value::Bytes(bytes) => bytes.clone(),
        Value::String(text) => text.inner().clone(),
        _ => return Err(Error::new(ErrorKind::Protocol, "GET was not answered with a string")),
    };
    let remaining = match left.as_i64() {
        Some(-1) => None,
        // -2: there was nothing when the time left was asked.
        Some(millis) => Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
        None => return Err(Error::new(ErrorKind::Protocol, "PTTL was not answered with a number")),
    };
    Ok(Some(Stored { value, remaining }))
}

fn failed(step: &'static str) -> impl Fn(Error) -> TierError {
    move |source| TierError { tier: "redis", step, source: source.into() }
}
