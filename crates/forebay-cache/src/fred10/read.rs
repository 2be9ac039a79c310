use super::{
    script::{Script, is_unknown},
    server_clock::ServerClock,
    telling::{Expected, Telling},
    tier::bytes_of,
};
use crate::{
    Stored,
    envelope::End,
    redis_scripts::{self, LEFT},
};
use bytes::Bytes;
use fred::{
    error::{Error, ErrorKind},
    interfaces::{ClientLike, KeysInterface, LuaInterface},
    types::{Key, Value},
};
use futures_util::future::join;
use std::time::Duration;

/// The time left of a key as `PTTL` says it, if that was asked, and what it holds.
type Reply = (Option<i64>, Option<Bytes>);

/// Reads entries of one server, with the time they have left where that is needed: the fewest commands, sent together.
#[derive(Debug)]
pub(super) struct Read {
    left: Script,
    telling: Telling,
}

impl Read {
    pub(super) fn new() -> Self {
        Self { left: Script::new(LEFT), telling: Telling::new() }
    }

    /// What there is under each key. `clock` is that of the server, if `client` speaks to one only.
    pub(super) async fn read<C>(
        &self,
        client: &C,
        clock: Option<&ServerClock>,
        keys: &[Bytes],
    ) -> Result<Vec<Option<Stored>>, Error>
    where
        C: ClientLike + KeysInterface + LuaInterface,
    {
        let (mut limited, mut ended) = (Vec::new(), false);
        for key in keys {
            match self.telling.expects(key) {
                Expected::Unsaid => limited.push(key.clone()),
                Expected::Ended => ended = true,
                Expected::Endless => {}
            }
        }
        let replies = self.replies(client, &limited, keys);
        let replies = match clock {
            // Boxed: most calls need not ask.
            Some(clock) if ended && !clock.is_known() => Box::pin(join(clock.ask(client), replies)).await.1,
            _ => replies.await,
        };
        let now = clock.and_then(ServerClock::now);
        let stored = |(key, (left, value)): (_, Reply)| match value {
            Some(value) => self.stored(key, value, left, clock.map(|_| now)).map(Some),
            None => Some(None),
        };
        if let Some(stored) = keys.iter().zip(replies?).map(stored).collect() {
            return Ok(stored);
        }
        let replies = self.replies(client, keys, keys).await?;
        let stored = |(left, value): Reply| redis_scripts::stored(left?, value);
        Ok(replies.into_iter().map(stored).collect())
    }

    /// What there is under a key, if that is known: not if its time `left` was not asked and should have been. `clock` is what
    /// that of the server shows, if it has one, and if it is known.
    fn stored(
        &self,
        key: &Bytes,
        value: Bytes,
        left: Option<i64>,
        clock: Option<Option<Duration>>,
    ) -> Option<Stored> {
        let end = End::of(&value);
        if let Some(left) = left {
            let known = clock.is_some() || !matches!(end, End::At(_));
            self.telling.note(key, if known { end } else { End::Unsaid });
            return redis_scripts::stored(left, Some(value));
        }
        let remaining = match (end, clock.flatten()) {
            (End::Never | End::Buried, _) => Some(None),
            (End::At(millis), Some(now)) => Some(Some(Duration::from_millis(millis).saturating_sub(now))),
            (End::At(_), None) | (End::Unsaid, _) => None,
        };
        self.telling.note(key, if remaining.is_some() { end } else { End::Unsaid });
        Some(Stored { value, remaining: remaining? })
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
