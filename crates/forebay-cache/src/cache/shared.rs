use super::builder::CacheBuilder;
use crate::{
    CacheKey, Codec, LoadLease, MessagePack,
    envelope::{Compression, Limits},
    writes::WritesConfig,
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// What a cache has in remote tiers.
impl<K: CacheKey, V: Send + Sync + 'static> CacheBuilder<K, V> {
    /// Keeps entries in the namespace's remote tiers as well, in MessagePack. Default: memory only.
    pub fn shared(self) -> Self
    where
        V: Serialize + DeserializeOwned,
    {
        self.codec(MessagePack::new())
    }

    /// Keeps entries in the namespace's remote tiers as well, as `codec` writes them. Default: memory only.
    pub fn codec(mut self, codec: impl Codec<V>) -> Self {
        self.codec = Some(Arc::new(codec));
        self
    }

    /// What is sent to remote tiers, and what is read from them. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.form.limits = limits;
        self
    }

    /// How values are compressed on their way to remote tiers, from [`Limits::compress_from_bytes`] on; what is found
    /// there is read however it was compressed. Default: [`Compression::Lz4`].
    pub fn compression(mut self, compression: Compression) -> Self {
        self.form.compression = compression;
        self
    }

    /// Encrypts values and tags in remote tiers, bound to namespace, cache and key. What was not encrypted, or with a key
    /// that is not on the ring, is a miss. Keys, sizes and ages of entries are not hidden. Default: not encrypted.
    #[cfg(feature = "encryption")]
    pub fn encryption(mut self, keyring: &crate::Keyring) -> Self {
        self.form.keyring = Some(keyring.clone());
        self
    }

    /// How entries are written to remote tiers: how many wait, in what batches they go, how often one that fails is tried
    /// again. Default: [`WritesConfig::default`].
    pub fn writes(mut self, writes: WritesConfig) -> Self {
        self.writes = writes;
        self
    }

    /// Has the nodes of the namespace agree on one load of a key at a time: a cold key that callers on all of them want is
    /// loaded once. Needs a [`shared`](Self::shared) cache and a tier that leases keys
    /// ([`Tier::leases`](crate::Tier::leases)); without one, and while that is away, each node loads for itself.
    /// [Batches](crate::Batch) take no leases: theirs is one load of many keys, which would become one of each node.
    /// Default: not.
    pub fn load_lease(mut self, lease: LoadLease) -> Self {
        self.lease = Some(lease);
        self
    }
}
