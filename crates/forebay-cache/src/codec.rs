use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData};
use xxhash_rust::xxh3::xxh3_64;

/// Turns values into bytes for the remote tiers and back.
///
/// Memory holds values as they are, so a hit there never comes here. A codec that cannot read what it finds says
/// so and the cache loads the value again: two versions of a service may share a tier during a rolling deploy.
/// `dyn` because a codec is chosen once per cache and called beside a network round trip.
pub trait Codec<V>: fmt::Debug + Send + Sync + 'static {
    /// Names the form of the bytes. An entry with another fingerprint is a miss without being decoded.
    fn fingerprint(&self) -> Fingerprint;

    /// The value as bytes.
    ///
    /// # Errors
    /// When the value has no form in this codec. The value is then kept in memory only.
    fn encode(&self, value: &V) -> Result<Bytes, CodecError>;

    /// The value back from bytes, which may come from an older or newer version of the program.
    ///
    /// # Errors
    /// When the bytes do not describe a `V`: the entry is then a miss.
    fn decode(&self, bytes: &Bytes) -> Result<V, CodecError>;
}

/// Names a codec and the version of the schema it writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub(crate) u64);

impl Fingerprint {
    /// The fingerprint of `codec` (a name such as `messagepack`) at version `schema`.
    ///
    /// ```
    /// use forebay_cache::Fingerprint;
    /// assert_eq!(Fingerprint::of("mine", 1), Fingerprint::of("mine", 1));
    /// assert_ne!(Fingerprint::of("mine", 1), Fingerprint::of("mine", 2));
    /// ```
    #[must_use]
    pub fn of(codec: &str, schema: u32) -> Self {
        let mut text = Vec::with_capacity(codec.len() + 4);
        text.extend_from_slice(codec.as_bytes());
        text.extend_from_slice(&schema.to_be_bytes());
        Self(xxh3_64(&text))
    }
}

/// The codecs this crate brings, by the names they are fingerprinted under.
const KNOWN: [&str; 3] = ["messagepack", "json", "postcard"];
/// Schema versions that are tried for each of them.
const SCHEMAS_TRIED: u32 = 1000;

impl Fingerprint {
    /// The codec and schema that have this fingerprint, if they are among those this crate knows; for people. Compares
    /// some thousand hashes.
    #[must_use]
    pub fn guess(self) -> Option<(&'static str, u32)> {
        KNOWN
            .iter()
            .flat_map(|codec| (0..SCHEMAS_TRIED).map(move |schema| (*codec, schema)))
            .find(|(codec, schema)| Self::of(codec, *schema) == self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:016x})", self.0)
    }
}

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

/// A value could not be turned into bytes, or bytes not into a value.
#[derive(Debug, thiserror::Error)]
#[error("value and bytes do not match")]
pub struct CodecError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl CodecError {
    /// Wraps what the codec's library said.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
