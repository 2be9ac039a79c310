use crate::seal::{Cipher, Sealer};
use arc_swap::ArcSwap;
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// The keys that entries of remote tiers are encrypted with: one encrypts, all of them decrypt.
///
/// Cloning is one reference count; all clones are the same ring, so that one given to several caches is rotated at once.
///
/// # Rotation without misses
/// 1. Every node [accepts](Self::accept) the new key, and goes on encrypting with the old one.
/// 2. When the last node does, every node [promotes](Self::promote) it.
/// 3. When the last entry under the old key has expired, every node [retires](Self::retire) that.
///
/// The steps may be calls at run time or three deploys. A node that skips one has misses, never errors.
///
/// ```
/// use forebay_cache::{EncryptionKey, Keyring};
///
/// # fn main() -> Result<(), forebay_cache::KeyringError> {
/// # let (old, new) = ("11".repeat(32), "22".repeat(32));
/// let keyring = Keyring::new(EncryptionKey::from_hex(1, &old)?);
/// keyring.accept(EncryptionKey::from_hex(2, &new)?)?;
/// keyring.promote(2)?;
/// keyring.retire(1)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<ArcSwap<Keys>>,
    reads_plain: bool,
}

#[derive(Clone)]
struct Keys {
    current: Arc<EncryptionKey>,
    others: Vec<Arc<EncryptionKey>>,
}

impl Keyring {
    /// Keys on one ring.
    pub const KEYS_MAX: usize = 16;

    /// A ring of one key, which encrypts.
    #[must_use]
    pub fn new(key: EncryptionKey) -> Self {
        let keys = Keys { current: Arc::new(key), others: Vec::new() };
        Self { keys: Arc::new(ArcSwap::from_pointee(keys)), reads_plain: false }
    }

    /// Whether entries that are not encrypted are read as well: for the deploy that switches encryption on. While it is,
    /// whoever can write to the tier can put values there. Default: no, they are misses.
    #[must_use]
    pub fn reads_plain(mut self, reads_plain: bool) -> Self {
        self.reads_plain = reads_plain;
        self
    }

    /// Decrypts with `key` as well, from now on; it takes the place of another one with its id that does not encrypt.
    ///
    /// # Errors
    /// When the key that encrypts has this id, or [`KEYS_MAX`](Self::KEYS_MAX) are on the ring.
    pub fn accept(&self, key: EncryptionKey) -> Result<(), KeyringError> {
        let key = Arc::new(key);
        self.change(|keys| {
            if keys.current.id == key.id {
                return Err(KeyringError::Current(key.id));
            }
            keys.others.retain(|other| other.id != key.id);
            if keys.others.len() + 1 >= Self::KEYS_MAX {
                return Err(KeyringError::Full);
            }
            keys.others.push(key.clone());
            Ok(())
        })
    }

    /// Encrypts with the key of this id from now on; the one that did only decrypts.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn promote(&self, id: u32) -> Result<(), KeyringError> {
        self.change(|keys| {
            if keys.current.id == id {
                return Ok(());
            }
            let at = keys.others.iter().position(|key| key.id == id).ok_or(KeyringError::Unknown(id))?;
            std::mem::swap(&mut keys.current, &mut keys.others[at]);
            Ok(())
        })
    }

    /// Forgets the key of this id: what is encrypted with it is a miss from now on.
    ///
    /// # Errors
    /// When it is the one that encrypts, or there is no such key.
    pub fn retire(&self, id: u32) -> Result<(), KeyringError> {
        self.change(|keys| {
            if keys.current.id == id {
                return Err(KeyringError::Current(id));
            }
            let before = keys.others.len();
            keys.others.retain(|key| key.id != id);
            if keys.others.len() == before { Err(KeyringError::Unknown(id)) } else { Ok(()) }
        })
    }

    /// The ids on the ring, the one that encrypts first.
    #[must_use]
    pub fn ids(&self) -> Vec<u32> {
        let keys = self.keys.load();
        std::iter::once(&keys.current).chain(&keys.others).map(|key| key.id).collect()
    }

    pub(crate) fn current(&self) -> Arc<EncryptionKey> {
        self.keys.load().current.clone()
    }

    pub(crate) fn find(&self, id: u32) -> Option<Arc<EncryptionKey>> {
        let keys = self.keys.load();
        std::iter::once(&keys.current).chain(&keys.others).find(|key| key.id == id).cloned()
    }

    pub(crate) const fn takes_plain(&self) -> bool {
        self.reads_plain
    }

    /// Calls of several threads follow each other: one that finds the ring changed begins anew.
    fn change(&self, change: impl Fn(&mut Keys) -> Result<(), KeyringError>) -> Result<(), KeyringError> {
        let mut result = Ok(());
        self.keys.rcu(|keys| {
            let mut changed = (**keys).clone();
            result = change(&mut changed);
            if result.is_ok() { Arc::new(changed) } else { keys.clone() }
        });
        result
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("ids", &self.ids())
            .field("reads_plain", &self.reads_plain)
            .finish_non_exhaustive()
    }
}

/// A key and its number. The key is wiped from memory when it is dropped, and shown nowhere.
pub struct EncryptionKey {
    pub(crate) id: u32,
    pub(crate) sealer: Sealer,
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
        Self { id, sealer: Sealer::new(cipher, key) }
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
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A key or a change of a [`Keyring`] makes no sense.
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
    /// There are [`Keyring::KEYS_MAX`] keys: retire one first.
    #[error("the ring holds as many encryption keys as it may")]
    Full,
}
