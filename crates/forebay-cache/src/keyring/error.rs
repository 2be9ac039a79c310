/// A key or a change of a [`Keyring`](super::Keyring) makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// A key is 64 hexadecimal digits.
    #[error("encryption key {0} is not 64 hexadecimal digits")]
    Malformed(u32),
    /// The key that encrypts can neither be replaced nor retired: promote another one first.
    #[error("encryption key {0} is the one that encrypts")]
    Current(u32),
    /// No key has this id.
    #[error("no encryption key {0} is on the ring")]
    Unknown(u32),
    /// There are [`Keyring::KEYS_MAX`](super::Keyring::KEYS_MAX) keys: retire one first.
    #[error("the ring holds as many encryption keys as it may")]
    Full,
    /// A line of a file of keys is not one.
    #[error("line {0} is neither `ID HEX` nor `ID CIPHER HEX`")]
    Line(usize),
    /// A file of keys has two of this id.
    #[error("encryption key {0} is there twice")]
    Twice(u32),
    /// A file of keys has none.
    #[error("there is no encryption key")]
    Empty,
}
