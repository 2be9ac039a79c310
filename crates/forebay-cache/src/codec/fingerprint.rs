use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

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
