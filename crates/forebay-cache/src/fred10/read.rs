use super::{
    endless::Endless,
    script::{Script, is_unknown},
    tier::bytes_of,
};
use crate::{
    Stored,
    redis_scripts::{self, LEFT},
};
use bytes::Bytes;
use fred::{
    error::{Error, ErrorKind},
    interfaces::{KeysInterface, LuaInterface},
    types::{Key, Value},
};
use futures_util::future::join;

/// What `PTTL` says of a key without a limit.
const ENDLESS: i64 = -1;

/// The time left of a key as `PTTL` says it, if that was asked, and what it holds.
type Reply = (Option<i64>, Option<Bytes>);

/// Reads entries of one server, with the time they have left where that is needed: the fewest commands, sent together.
#[derive(Debug)]
pub(super) struct Read {
    left: Script,
    endless: Endless,
}

impl Read {
    pub(super) fn new() -> Self {
        Self { left: Script::new(LEFT), endless: Endless::new() }
    }

    /// What there is under each key.
    pub(super) async fn read<C>(&self, client: &C, keys: &[Bytes]) -> Result<Vec<Option<Stored>>, Error>
    where
        C: KeysInterface + LuaInterface + Sync,
    {
        let limited: Vec<Bytes> = keys.iter().filter(|key| !self.endless.expects(key)).cloned().collect();
        let mut replies = self.replies(client, &limited, keys).await?;
        if self.wants_more(keys, &replies) {
            replies = self.replies(client, keys, keys).await?;
        }
        let stored = |(left, value): Reply| redis_scripts::stored(left.unwrap_or(ENDLESS), value);
        Ok(replies.into_iter().map(stored).collect())
    }

    /// Whether the time left of an entry was not asked and should have been.
    fn wants_more(&self, keys: &[Bytes], replies: &[Reply]) -> bool {
        let mut more = false;
        for (key, (left, value)) in keys.iter().zip(replies) {
            if let Some(value) = value {
                more |= !self.endless.note(key, value) && left.is_none();
            }
        }
        more
    }

    /// The time left of those keys that are among the `limited`, which are in the same order, and what all of them hold.
    async fn replies<C>(&self, client: &C, limited: &[Bytes], keys: &[Bytes]) -> Result<Vec<Reply>, Error>
    where
        C: KeysInterface + LuaInterface + Sync,
    {
        // Commands are carried out in the order in which they are given. The time left is asked first: if a write comes
        // between the two, an entry is taken for older than it is.
        let (left, values) = match join(self.left(client, limited), values(client, keys)).await {
            (Err(error), _) if is_unknown(&error) => {
                let left = self.left.read_in_full(client, words(limited));
                let (left, values) = join(left, values(client, keys)).await;
                (left.map(Value::into_array), values)
            }
            known => known,
        };
        let (left, values) = (left?, values?);
        if left.len() != limited.len() || values.len() != keys.len() {
            return Err(unexpected("a batch was answered with another number of replies"));
        }
        let mut left = limited.iter().zip(left).peekable();
        let reply = |(key, value): (&Bytes, Value)| {
            let left = match left.next_if(|(limited, _)| *limited == key) {
                Some((_, left)) => {
                    Some(left.as_i64().ok_or_else(|| unexpected("PTTL was not answered with a number"))?)
                }
                None => None,
            };
            Ok((left, bytes_of(&value)?))
        };
        keys.iter().zip(values).map(reply).collect()
    }

    async fn left<C>(&self, client: &C, keys: &[Bytes]) -> Result<Vec<Value>, Error>
    where
        C: KeysInterface + LuaInterface + Sync,
    {
        match keys {
            [] => Ok(Vec::new()),
            [key] => Ok(vec![client.pttl(key.clone()).await?]),
            keys => Ok(self.left.read(client, words(keys)).await?.into_array()),
        }
    }
}

async fn values(client: &impl KeysInterface, keys: &[Bytes]) -> Result<Vec<Value>, Error> {
    let [key] = keys else { return Ok(client.mget::<Value, _>(words(keys)).await?.into_array()) };
    match client.get(key.clone()).await {
        // What is no string is not ours: nothing, like in an answer to MGET.
        Err(error) if error.details().starts_with("WRONGTYPE") => Ok(vec![Value::Null]),
        value => Ok(vec![value?]),
    }
}

fn words(keys: &[Bytes]) -> Vec<Key> {
    keys.iter().cloned().map(Key::from).collect()
}

fn unexpected(what: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, what)
}
