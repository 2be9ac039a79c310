use super::{Compression, Limits, sealed::Keyring};

/// How envelopes are written, and which are read: limits, compression, encryption.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// What is sent, and what is read.
    pub limits: Limits,
    /// How values are compressed. Whatever the build can unpack is read.
    pub compression: Compression,
    /// What values and tags are encrypted with. Default: not at all.
    #[cfg(feature = "encryption")]
    pub keyring: Option<Keyring>,
    #[cfg(not(feature = "encryption"))]
    pub(super) keyring: Option<Keyring>,
}

impl Form {
    /// The default compression, no encryption.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}
