use super::KeyringError;
use crate::seal::{Cipher, Sealer};
use std::fmt;
use zeroize::Zeroizing;

/// A key and its number. The key is wiped from memory when it is dropped, and shown nowhere.
pub struct EncryptionKey {
    pub(crate) id: u32,
    pub(crate) sealer: Box<dyn Sealer>,
}

impl EncryptionKey {
    /// A key of 256 random bits for [`Cipher::XChaCha20Poly1305`]. The id travels with every entry; ids on one ring
    /// differ, and a key keeps its id for ever.
    #[must_use]
    pub fn new(id: u32, key: &[u8; 32]) -> Self {
        Self::with(id, Cipher::default(), key)
    }

    /// A key for another cipher. One key serves one cipher only.
    #[must_use]
    pub fn with(id: u32, cipher: Cipher, key: &[u8; 32]) -> Self {
        Self { id, sealer: cipher.under(key) }
    }

    /// [`new`](Self::new) from 64 hexadecimal digits, as `openssl rand -hex 32` prints them.
    ///
    /// # Errors
    /// When they are anything else; the error does not repeat them.
    pub fn from_hex(id: u32, digits: &str) -> Result<Self, KeyringError> {
        Self::from_hex_with(id, Cipher::default(), digits)
    }

    /// [`with`](Self::with) from 64 hexadecimal digits.
    ///
    /// # Errors
    /// See [`from_hex`](Self::from_hex).
    pub fn from_hex_with(id: u32, cipher: Cipher, digits: &str) -> Result<Self, KeyringError> {
        let digits = digits.trim().as_bytes();
        let mut key = Zeroizing::new([0; 32]);
        if digits.len() != 64 {
            return Err(KeyringError::Malformed(id));
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| (pair[at] as char).to_digit(16).ok_or(KeyringError::Malformed(id));
            *byte = u8::try_from(digit(0)? << 4 | digit(1)?).map_err(|_| KeyringError::Malformed(id))?;
        }
        Ok(Self::with(id, cipher, &key))
    }

    /// The key of a line of [`Keyring::from_lines`](super::Keyring::from_lines), given with its number.
    pub(super) fn of_line((number, line): (usize, &str)) -> Result<Self, KeyringError> {
        let mut words = line.split_whitespace();
        let [id, second, third, rest] = std::array::from_fn(|_| words.next());
        let (cipher, digits) = match (second, third, rest) {
            (Some(digits), None, None) => (Cipher::default(), digits),
            (Some("xchacha20-poly1305"), Some(digits), None) => (Cipher::XChaCha20Poly1305, digits),
            (Some("xaes-256-gcm"), Some(digits), None) => (Cipher::Xaes256Gcm, digits),
            _ => return Err(KeyringError::Line(number)),
        };
        let id = id.and_then(|id| id.parse().ok()).ok_or(KeyringError::Line(number))?;
        Self::from_hex_with(id, cipher, digits)
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("id", &self.id).finish_non_exhaustive()
    }
}
