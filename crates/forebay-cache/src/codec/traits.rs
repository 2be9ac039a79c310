use super::Fingerprint;
use bytes::Bytes;
use std::fmt;

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
