use super::{
    config::RedisConfig, link::Link, read::Read, script::complete, server_clock::ServerClock, tier::bytes_of,
    together::together,
};
use crate::{
    Stored, redis_scripts,
    tiers::{GatheredReads, KEYS_MAX},
};
use bytes::Bytes;
use fred::{
    clients::{Client, Pipeline},
    error::{Error, ErrorKind},
    interfaces::{ClientLike, KeysInterface, LuaInterface},
    types::Value,
};
use futures_util::future::try_join_all;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a tier reads entries. It writes to the primary in any case.
#[derive(Debug)]
pub(super) struct Reads {
    from: Source,
    read: Read,
}

/// Where entries are read from.
#[derive(Debug)]
enum Source {
    /// From one primary.
    Primary(One),
    /// From the primaries of a cluster.
    Shards,
    /// From the replicas a cluster has, as fred finds them.
    ShardReplicas,
    /// From replicas that were named, in turn; from the primary when all are away.
    Named { replicas: Vec<(Link<Client>, One)>, turn: AtomicUsize, primary: One },
}

/// What belongs to the reads of one server.
#[derive(Debug)]
struct One {
    gather: GatheredReads<Error>,
    clock: ServerClock,
}

impl One {
    const fn new() -> Self {
        Self { gather: GatheredReads::new(), clock: ServerClock::new() }
    }
}

impl Reads {
    /// Starts connecting to the replicas, if any are to be used.
    pub(super) fn open(config: &RedisConfig, client: &Client) -> Result<Self, Error> {
        let replica = |replica| (Link::open(replica, config), One::new());
        let replicas: Vec<_> = config.replica_clients()?.into_iter().map(replica).collect();
        let from = if config.read_from_replicas {
            Source::ShardReplicas
        } else if replicas.is_empty() {
            return Ok(Self::of_primaries(client));
        } else {
            Source::Named { replicas, turn: AtomicUsize::new(0), primary: One::new() }
        };
        Ok(Self { from, read: Read::new() })
    }

    /// From where `client` writes to.
    pub(super) fn of_primaries(client: &Client) -> Self {
        let from = if client.is_clustered() { Source::Shards } else { Source::Primary(One::new()) };
        Self { from, read: Read::new() }
    }

    /// What there is under each key.
    pub(super) async fn read(
        &self,
        primary: &Link<Client>,
        keys: &[Bytes],
    ) -> Result<Vec<Option<Stored>>, Error> {
        match &self.from {
            Source::Primary(one) => self.of_one(primary, one, keys).await,
            Source::Shards => {
                let client = primary.ready()?;
                primary.note(self.of_shards(client, || client.pipeline(), keys).await)
            }
            Source::ShardReplicas => {
                let replicas = primary.ready()?.replicas();
                primary.note(self.of_shards(&replicas, || replicas.pipeline(), keys).await)
            }
            Source::Named { replicas, turn, primary: one } => {
                let first = turn.fetch_add(1, Ordering::Relaxed);
                let up = (0..replicas.len()).map(|n| &replicas[first.wrapping_add(n) % replicas.len()]);
                if let Some((replica, one)) = up.into_iter().find(|(replica, _)| replica.is_up())
                    && let Ok(stored) = self.of_one(replica, one, keys).await
                {
                    return Ok(stored);
                }
                self.of_one(primary, one, keys).await
            }
        }
    }

    /// From one server, which is asked once for what is asked for at the same moment.
    async fn of_one(
        &self,
        server: &Link<Client>,
        One { gather, clock }: &One,
        keys: &[Bytes],
    ) -> Result<Vec<Option<Stored>>, Error> {
        if let [key] = keys {
            let call = async |keys: Vec<Bytes>| {
                server.note(self.read.read(server.ready()?, Some(clock), &keys).await)
            };
            return Ok(vec![gather.read(key, call).await?]);
        }
        let client = server.ready()?;
        let parts = keys.chunks(KEYS_MAX).map(|keys| self.read.read(client, Some(clock), keys));
        Ok(server.note(try_join_all(parts).await)?.into_iter().flatten().collect())
    }

    /// One round trip per server, whatever the number of keys.
    async fn of_shards<C>(
        &self,
        client: &C,
        pipeline: impl FnOnce() -> Pipeline<C>,
        keys: &[Bytes],
    ) -> Result<Vec<Option<Stored>>, Error>
    where
        C: ClientLike + KeysInterface + LuaInterface,
    {
        if keys.len() == 1 {
            return self.read.read(client, None, keys).await;
        }
        let Some((last, others)) = keys.split_last() else { return Ok(Vec::new()) };
        let pipeline = pipeline();
        // The time left is asked first: if a write comes between the two, an entry is taken for older than it is.
        for key in others {
            let _queued: () = pipeline.pttl(key.clone()).await?;
            let _queued: () = pipeline.get(key.clone()).await?;
        }
        let _queued: () = pipeline.pttl(last.clone()).await?;
        let replies = complete(together(pipeline, client.get(last.clone())).await, keys.len() * 2)?;
        replies.chunks_exact(2).map(|pair| stored(&pair[0], &pair[1])).collect()
    }

    pub(super) async fn shutdown(&self) {
        if let Source::Named { replicas, .. } = &self.from {
            for (replica, _) in replicas {
                replica.shutdown().await;
            }
        }
    }
}

fn stored(left: &Value, value: &Value) -> Result<Option<Stored>, Error> {
    let left = left
        .as_i64()
        .ok_or_else(|| Error::new(ErrorKind::Protocol, "PTTL was not answered with a number"))?;
    Ok(redis_scripts::stored(left, bytes_of(value)?))
}
