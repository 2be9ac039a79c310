use super::{config::RedisConfig, link::Link, script::complete, together::together};
use bytes::Bytes;
use fred::{
    clients::{Client, Pipeline},
    error::Error,
    interfaces::{ClientLike, KeysInterface},
    types::Value,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where a tier reads entries. It writes to the primary in any case.
#[derive(Debug)]
pub(super) enum Reads {
    /// From the primary.
    Primary,
    /// From the replicas a cluster has, as fred finds them.
    Cluster,
    /// From replicas that were named, in turn.
    Named { replicas: Vec<Link<Client>>, turn: AtomicUsize },
}

impl Reads {
    /// Starts connecting to the replicas, if any are to be used.
    pub(super) fn open(config: &RedisConfig) -> Result<Self, Error> {
        let replicas: Vec<_> =
            config.replica_clients()?.into_iter().map(|client| Link::open(client, config)).collect();
        Ok(match (config.read_from_replicas, replicas.is_empty()) {
            (true, _) => Self::Cluster,
            (false, true) => Self::Primary,
            (false, false) => Self::Named { replicas, turn: AtomicUsize::new(0) },
        })
    }

    /// The time left and the value of each key, in turns.
    pub(super) async fn read(&self, primary: &Link<Client>, keys: &[Bytes]) -> Result<Vec<Value>, Error> {
        match self {
            Self::Primary => {
                let client = primary.ready()?;
                primary.note(read(client, client.pipeline(), keys).await)
            }
            Self::Cluster => {
                let replicas = primary.ready()?.replicas();
                primary.note(read(&replicas, replicas.pipeline(), keys).await)
            }
            Self::Named { replicas, turn } => {
                let first = turn.fetch_add(1, Ordering::Relaxed);
                let up = (0..replicas.len()).map(|n| &replicas[first.wrapping_add(n) % replicas.len()]);
                if let Some(replica) = up.into_iter().find(|replica| replica.is_up())
                    && let Ok(client) = replica.ready()
                    && let Ok(values) = replica.note(read(client, client.pipeline(), keys).await)
                {
                    return Ok(values);
                }
                let client = primary.ready()?;
                primary.note(read(client, client.pipeline(), keys).await)
            }
        }
    }

    pub(super) async fn shutdown(&self) {
        if let Self::Named { replicas, .. } = self {
            for replica in replicas {
                replica.shutdown().await;
            }
        }
    }
}

/// One round trip per server, whatever the number of keys.
async fn read<C>(client: &C, pipeline: Pipeline<C>, keys: &[Bytes]) -> Result<Vec<Value>, Error>
where
    C: ClientLike + KeysInterface,
{
    let Some((last, others)) = keys.split_last() else { return Ok(Vec::new()) };
    // The time left is asked first: if a write comes between the two, an entry is taken for older than it is.
    for key in others {
        let _queued: () = pipeline.pttl(key.clone()).await?;
        let _queued: () = pipeline.get(key.clone()).await?;
    }
    let _queued: () = pipeline.pttl(last.clone()).await?;
    complete(together(pipeline, client.get(last.clone())).await, keys.len() * 2)
}
