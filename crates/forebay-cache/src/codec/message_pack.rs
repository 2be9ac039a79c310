use super::{Codec, CodecError, Fingerprint};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData};

/// MessagePack with the names of the fields, the default codec.
///
/// Because fields carry their names, a rolling deploy may add fields that have a default and remove fields without
/// losing what is cached. The fingerprint does not see into `V`: the name a compiler gives to a type says nothing
/// about its fields. **Raise [`schema`](MessagePack::schema) when a field keeps its name and type but changes its
/// meaning** (cents become euros); entries of the other number are then misses on both sides.
pub struct MessagePack<V> {
    schema: u32,
    value: PhantomData<fn(V) -> V>,
}

impl<V> MessagePack<V> {
    /// The codec at schema version 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { schema: 0, value: PhantomData }
    }

    /// The version of the meaning of `V`'s fields. Default: 0.
    #[must_use]
    pub const fn schema(mut self, schema: u32) -> Self {
        self.schema = schema;
        self
    }
}

impl<V> Default for MessagePack<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> fmt::Debug for MessagePack<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessagePack").field("schema", &self.schema).finish()
    }
}

impl<V: Serialize + DeserializeOwned + 'static> Codec<V> for MessagePack<V> {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of("messagepack", self.schema)
    }

    fn encode(&self, value: &V) -> Result<Bytes, CodecError> {
        rmp_serde::to_vec_named(value).map(Bytes::from).map_err(CodecError::new)
    }

    fn decode(&self, bytes: &Bytes) -> Result<V, CodecError> {
        rmp_serde::from_slice(bytes).map_err(CodecError::new)
    }
}
