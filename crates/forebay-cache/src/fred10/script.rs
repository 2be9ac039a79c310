use crate::redis_scripts::ScriptCall;
use bytes::Bytes;
use fred::{
    clients::Client,
    error::{Error, ErrorKind},
    interfaces::{ClientLike, LuaInterface},
    types::{ClusterHash, CustomCommand, Key, Value},
    util::sha1_hash,
};

/// A Lua script that is called by its hash, and sent in full when the server does not know it (it restarted, or
/// somebody flushed its scripts).
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    hash: String,
}

/// One call of a script, with arguments of several kinds.
pub(super) struct Call {
    pub(super) keys: Vec<Bytes>,
    pub(super) arguments: Vec<Value>,
}

impl From<ScriptCall> for Call {
    fn from(ScriptCall { keys, arguments }: ScriptCall) -> Self {
        Self { keys, arguments: arguments.into_iter().map(Value::Bytes).collect() }
    }
}

impl Script {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, hash: sha1_hash(text) }
    }

    pub(super) async fn call<C: LuaInterface + Sync>(&self, client: &C, call: Call) -> Result<Value, Error> {
        let Call { keys, arguments } = call;
        let keys: Vec<Key> = keys.into_iter().map(Key::from).collect();
        match client.evalsha(self.hash.as_str(), keys.clone(), arguments.clone()).await {
            Err(error) if is_unknown(&error) => client.eval(self.text, keys, arguments).await,
            known => known,
        }
    }

    /// A call that only reads keys, and fails where the server does not know the script.
    pub(super) async fn read<C: LuaInterface + Sync>(
        &self,
        client: &C,
        keys: Vec<Key>,
    ) -> Result<Value, Error> {
        client.evalsha(self.hash.as_str(), keys, ()).await
    }

    /// The same in full, after which the server knows it.
    pub(super) async fn read_in_full<C: LuaInterface + Sync>(
        &self,
        client: &C,
        keys: Vec<Key>,
    ) -> Result<Value, Error> {
        client.eval(self.text, keys, ()).await
    }

    /// All calls in one round trip (two when the script was unknown), results in order.
    pub(super) async fn call_all(&self, client: &Client, calls: &[Call]) -> Result<Vec<Value>, Error> {
        let all: Vec<&Call> = calls.iter().collect();
        let mut results = batch(client, "EVALSHA", &self.hash, &all).await?;
        if results.len() == calls.len() {
            let unknown: Vec<usize> =
                (0..calls.len()).filter(|at| results[*at].as_ref().is_err_and(is_unknown)).collect();
            let again: Vec<&Call> = unknown.iter().map(|at| &calls[*at]).collect();
            let replies = batch(client, "EVAL", self.text, &again).await?;
            for (at, reply) in unknown.into_iter().zip(complete(replies, again.len())?) {
                results[at] = Ok(reply);
            }
        }
        complete(results, calls.len())
    }
}

/// One pipeline of calls to one script; fred's own pipelines do not offer scripts.
async fn batch(
    client: &Client,
    command: &'static str,
    script: &str,
    calls: &[&Call],
) -> Result<Vec<Result<Value, Error>>, Error> {
    let pipeline = client.pipeline();
    for Call { keys, arguments } in calls {
        let mut words = Vec::with_capacity(2 + keys.len() + arguments.len());
        words.push(Value::from(script));
        words.push(Value::from(i64::try_from(keys.len()).unwrap_or(i64::MAX)));
        words.extend(keys.iter().cloned().map(Value::Bytes));
        words.extend(arguments.iter().cloned());
        // In a cluster the first key says where the call goes, by its slot: fred does not heed which word of a custom command
        // is the key, and a call to a wrong shard costs a detour and a look at the whole cluster.
        let slot = keys.first().map_or(ClusterHash::Random, |key| ClusterHash::from(&key[..]));
        let command = CustomCommand::new_static(command, slot, false);
        let _queued: () = pipeline.custom(command, words).await?;
    }
    Ok(pipeline.try_all::<Value>().await)
}

/// The values of a pipeline of `expected` commands, or its first error: fred answers a pipeline that failed as a whole
/// with a single one.
pub(super) fn complete(results: Vec<Result<Value, Error>>, expected: usize) -> Result<Vec<Value>, Error> {
    let values = results.into_iter().collect::<Result<Vec<_>, _>>()?;
    if values.len() == expected {
        Ok(values)
    } else {
        Err(Error::new(ErrorKind::Protocol, "a batch was answered with another number of replies"))
    }
}

pub(super) fn is_unknown(error: &Error) -> bool {
    error.details().starts_with("NOSCRIPT")
}
