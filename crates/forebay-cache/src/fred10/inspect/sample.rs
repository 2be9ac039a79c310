use super::{
    explain::joined,
    inspector::{InspectError, RedisInspector},
};
use crate::envelope::Outline;
use bytes::Bytes;
use fred::{
    error::Error,
    interfaces::{ClientLike, KeysInterface, ServerInterface},
    types::{Key, scan::Scanner as _},
};
use futures_util::{StreamExt as _, pin_mut};
use serde::Serialize;
use std::collections::BTreeMap;

/// Entries of a namespace in Redis, as far as a bounded walk over its keys came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sample {
    /// Keys the server, or the cluster, has in all, of whatever program.
    pub server_keys: u64,
    /// Keys of the namespace that were looked at.
    pub looked_at: u64,
    /// Whether that was all of them.
    pub complete: bool,
    /// What was found, by cache.
    pub caches: BTreeMap<String, CacheSample>,
}

/// The sampled entries of one cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct CacheSample {
    /// Entries.
    pub entries: u64,
    /// Tombstones of invalidated keys.
    pub tombstones: u64,
    /// Items this program does not understand.
    pub not_understood: u64,
    /// What the entries take, envelopes included.
    pub packed_bytes: u64,
    /// The entries' values as their codecs wrote them.
    pub plain_bytes: u64,
}

/// Keys asked for in one step of the walk.
const PAGE: u32 = 500;
/// Of each item, as many bytes as tell what it is.
const OUTLINE_BYTES: usize = 88;
/// Pages without a single key of the namespace, after which the walk ends: a server may hold many keys of others.
const EMPTY_PAGES_MAX: usize = 2_000;

impl RedisInspector {
    /// Walks over the namespace's keys with `SCAN`, in steps that do not hold up the server, and looks at no more than
    /// `keys_max` of them.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn sample(&self, keys_max: usize) -> Result<Sample, InspectError> {
        let server_keys = self.server_keys().await?;
        let mut sample = Sample { server_keys, looked_at: 0, complete: true, caches: BTreeMap::new() };
        let pattern = format!("{}:*", literal(self.namespace()));
        let pages = if self.client.is_clustered() {
            self.client.scan_cluster(pattern, Some(PAGE), None).boxed()
        } else {
            self.client.scan(pattern, Some(PAGE), None).boxed()
        };
        pin_mut!(pages);
        let mut empty = 0;
        while let Some(page) = pages.next().await {
            let mut page = page?;
            let mut keys = page.take_results().unwrap_or_default();
            empty = if keys.is_empty() { empty + 1 } else { 0 };
            let room = keys_max - usize::try_from(sample.looked_at).unwrap_or(keys_max);
            if keys.len() > room || empty >= EMPTY_PAGES_MAX {
                sample.complete = false;
                keys.truncate(room);
            }
            self.look_at(&keys, &mut sample).await?;
            if !sample.complete {
                break;
            }
            page.next();
        }
        Ok(sample)
    }

    /// In a cluster each primary, all of which the client is connected to, has a part of them.
    async fn server_keys(&self) -> Result<u64, Error> {
        if !self.client.is_clustered() {
            return self.client.dbsize().await;
        }
        let mut keys = 0;
        for primary in self.client.active_connections() {
            keys += self.client.with_cluster_node(primary).dbsize::<u64>().await?;
        }
        Ok(keys)
    }

    async fn look_at(&self, keys: &[Key], sample: &mut Sample) -> Result<(), Error> {
        let ours = joined(&[self.namespace().as_bytes(), b""]);
        let cache_of = |key: &Key| {
            let rest = key.as_bytes().strip_prefix(&ours[..])?;
            let colon = rest.iter().position(|byte| *byte == b':')?;
            Some(String::from_utf8_lossy(&rest[..colon]).into_owned())
        };
        let pipeline = self.client.pipeline();
        for key in keys {
            let _queued: () = pipeline.strlen(key.clone()).await?;
            let _queued: () = pipeline.getrange(key.clone(), 0, OUTLINE_BYTES - 1).await?;
        }
        let mut replies =
            if keys.is_empty() { Vec::new() } else { pipeline.try_all::<fred::types::Value>().await }
                .into_iter();
        for key in keys {
            let (length, start) = (replies.next().transpose(), replies.next().transpose());
            let Some(cache) = cache_of(key) else { continue };
            sample.looked_at += 1;
            let cache = sample.caches.entry(cache).or_default();
            // What is no string is none of ours; a key that is gone meanwhile is empty.
            let (Ok(Some(length)), Ok(Some(start))) = (length, start) else {
                cache.not_understood += 1;
                continue;
            };
            cache.count(length.as_u64().unwrap_or(0), &start.into_bytes().unwrap_or_default());
        }
        Ok(())
    }
}

impl CacheSample {
    fn count(&mut self, length: u64, start: &Bytes) {
        match Outline::of(start) {
            Some(Outline::Entry { plain_bytes }) => {
                self.entries += 1;
                self.packed_bytes += length;
                self.plain_bytes += u64::from(plain_bytes);
            }
            Some(Outline::Tombstone) => self.tombstones += 1,
            None if length == 0 => {}
            None => self.not_understood += 1,
        }
    }
}

/// The text as a pattern of Redis that matches only itself.
fn literal(text: &str) -> String {
    text.chars().fold(String::new(), |mut literal, c| {
        if matches!(c, '*' | '?' | '[' | ']' | '^' | '\\') {
            literal.push('\\');
        }
        literal.push(c);
        literal
    })
}
