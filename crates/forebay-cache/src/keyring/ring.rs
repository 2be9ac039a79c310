use super::{EncryptionKey, KeyringError};
use arc_swap::ArcSwap;
use std::{fmt, sync::Arc};

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

    /// A ring of the keys in `lines`, as a file holds them: one a line, the first encrypts.
    ///
    /// A line is `ID HEX`, or `ID CIPHER HEX` for another [cipher](crate::Cipher) than the default one:
    /// `xchacha20-poly1305` or `xaes-256-gcm`. Empty lines and lines that begin with `#` do not count.
    ///
    /// ```
    /// use forebay_cache::Keyring;
    ///
    /// # fn main() -> Result<(), forebay_cache::KeyringError> {
    /// let file = format!("# since March\n2 {}\n1 xaes-256-gcm {}\n", "22".repeat(32), "11".repeat(32));
    /// assert_eq!(Keyring::from_lines(&file)?.ids(), [2, 1]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When a line is anything else, an id is there twice, or there are none or more than [`KEYS_MAX`](Self::KEYS_MAX).
    /// The error does not repeat what a line holds.
    pub fn from_lines(lines: &str) -> Result<Self, KeyringError> {
        let lines = lines.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let mut keys =
            lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(EncryptionKey::of_line);
        let ring = Self::new(keys.next().ok_or(KeyringError::Empty)??);
        for key in keys {
            let key = key?;
            if ring.find(key.id).is_some() {
                return Err(KeyringError::Twice(key.id));
            }
            ring.accept(key)?;
        }
        Ok(ring)
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
