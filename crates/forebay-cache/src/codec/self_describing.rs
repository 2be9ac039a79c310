//! Codecs whose bytes name the fields they hold.

/// A codec of serde values with a number for the meaning of their fields.
macro_rules! self_describing_codec {
    ($(#[$about:meta])* $codec:ident, $name:literal, $encode:path, $decode:path) => {
        $(#[$about])*
        pub struct $codec<V> {
            schema: u32,
            value: std::marker::PhantomData<fn(V) -> V>,
        }

        impl<V> $codec<V> {
            /// The codec at schema version 0.
            #[must_use]
            pub const fn new() -> Self {
                Self { schema: 0, value: std::marker::PhantomData }
            }

            /// The version of the meaning of `V`'s fields. Default: 0.
            #[must_use]
            pub const fn schema(mut self, schema: u32) -> Self {
                self.schema = schema;
                self
            }
        }

        impl<V> Default for $codec<V> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<V> std::fmt::Debug for $codec<V> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($codec)).field("schema", &self.schema).finish()
            }
        }

        impl<V: serde::Serialize + serde::de::DeserializeOwned + 'static> crate::Codec<V> for $codec<V> {
            fn fingerprint(&self) -> crate::Fingerprint {
                crate::Fingerprint::of($name, self.schema)
            }

            fn encode(&self, value: &V) -> Result<bytes::Bytes, crate::CodecError> {
                $encode(value).map(bytes::Bytes::from).map_err(crate::CodecError::new)
            }

            fn decode(&self, bytes: &bytes::Bytes) -> Result<V, crate::CodecError> {
                $decode(bytes).map_err(crate::CodecError::new)
            }
        }
    };
}
pub(super) use self_describing_codec;
