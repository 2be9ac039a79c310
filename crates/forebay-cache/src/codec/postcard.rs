use super::{Codec, CodecError, Fingerprint};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, marker::PhantomData};

/// Postcard: the smallest and fastest form, in which a field is only its place.
///
/// Nothing in the bytes names a field, so a field that is added, removed, moved, or given another type reads as another
/// one, often without an error. That is why [`Postcard::schema`] is the only way to make one: **raise the number with every
/// change of the type, or of a type in it.** Two versions of a service then do not see each other's entries during a rolling
/// deploy, and each loads its own. Types that ask what they are given (`#[serde(untagged)]`, `flatten`,
/// `skip_serializing_if`, `serde_json::Value`) do not come back.
///
/// ```
/// use forebay_cache::{Cache, Postcard};
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Price { cents: u64 }
/// let prices = Cache::<u64, Price>::builder("prices").codec(Postcard::schema(3)).build();
/// # assert!(prices.is_ok());
/// ```
pub struct Postcard<V> {
    schema: u32,
    value: PhantomData<fn(V) -> V>,
}

impl<V> Postcard<V> {
    /// The codec for the version of `V` of this number.
    #[must_use]
    pub const fn schema(schema: u32) -> Self {
        Self { schema, value: PhantomData }
    }
}

impl<V> fmt::Debug for Postcard<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postcard").field("schema", &self.schema).finish()
    }
}

impl<V: Serialize + DeserializeOwned + 'static> Codec<V> for Postcard<V> {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of("postcard", self.schema)
    }

    fn encode(&self, value: &V) -> Result<Bytes, CodecError> {
        postcard::to_stdvec(value).map(Bytes::from).map_err(CodecError::new)
    }

    /// What is left over means another type wrote it.
    fn decode(&self, bytes: &Bytes) -> Result<V, CodecError> {
        let (value, rest) = postcard::take_from_bytes(bytes).map_err(CodecError::new)?;
        if rest.is_empty() { Ok(value) } else { Err(CodecError::new("bytes are left over")) }
    }
}
