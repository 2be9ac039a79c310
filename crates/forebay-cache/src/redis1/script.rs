use crate::redis_scripts::ScriptCall;
use redis::{
    ErrorKind, RedisError, ServerErrorKind, Value,
    aio::ConnectionLike,
    {Cmd, Pipeline},
};

/// A Lua script that is called by its hash, and made known to a server that does not have it.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// All calls in one round trip (three when the script was unknown), results in order.
    pub(super) async fn call_all<C: ConnectionLike>(
        &self,
        connection: &mut C,
        calls: &[ScriptCall],
    ) -> Result<Vec<Value>, RedisError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let pipeline = self.pipeline(calls);
        match pipeline.query_async(connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                // Those that were carried out are carried out again, which changes nothing.
                redis::cmd("SCRIPT").arg("LOAD").arg(self.text).exec_async(connection).await?;
                pipeline.query_async(connection).await
            }
            known => known,
        }
    }

    /// One call.
    pub(super) async fn call<C: ConnectionLike>(
        &self,
        connection: &mut C,
        call: ScriptCall,
    ) -> Result<Value, RedisError> {
        let replies = self.call_all(connection, &[call]).await?;
        Ok(replies.into_iter().next().unwrap_or(Value::Nil))
    }

    fn pipeline(&self, calls: &[ScriptCall]) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(calls.len());
        for ScriptCall { keys, arguments } in calls {
            let mut command = Cmd::new();
            command.arg("EVALSHA").arg(&self.hash).arg(keys.len());
            for word in keys.iter().chain(arguments) {
                command.arg(&word[..]);
            }
            pipeline.add_command(command);
        }
        pipeline
    }
}
