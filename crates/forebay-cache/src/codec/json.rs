use super::{Codec, CodecError, Fingerprint};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData};

/// JSON, for entries that programs in other languages or people read.
///
/// Its bytes are larger than MessagePack's and slower to read. Fields carry their names, so what holds for
/// [`MessagePack`](super::MessagePack) in a rolling deploy holds here: fields with a default may be added, and fields
/// removed; **raise [`schema`](Json::schema) when a field changes its meaning**. Keys of maps must be strings or numbers,
/// and `f64::NAN` and the infinities do not come back: a value that has them is loaded again.
pub struct Json<V> {
    schema: u32,
    value: PhantomData<fn(V) -> V>,
}

impl<V> Json<V> {
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

impl<V> Default for Json<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> fmt::Debug for Json<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json").field("schema", &self.schema).finish()
    }
}

impl<V: Serialize + DeserializeOwned + 'static> Codec<V> for Json<V> {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of("json", self.schema)
    }

    fn encode(&self, value: &V) -> Result<Bytes, CodecError> {
        serde_json::to_vec(value).map(Bytes::from).map_err(CodecError::new)
    }

    fn decode(&self, bytes: &Bytes) -> Result<V, CodecError> {
        serde_json::from_slice(bytes).map_err(CodecError::new)
    }
}
