use chacha20poly1305::{
    AeadInOut, KeyInit, XChaCha20Poly1305,
    aead::{AeadCore, Result as AeadResult, consts::U24},
};
use xaes_256_gcm::Xaes256Gcm;

pub(crate) const NONCE_BYTES: usize = 24;
pub(crate) const TAG_BYTES: usize = 16;

/// An authenticated cipher with keys of 256 bits and nonces of 192.
///
/// A nonce of 192 random bits may be drawn for every entry by every node without counting: after 2^80 entries under one key
/// two of them agree with a probability of 2^-32, where the 96 bits of plain AES-GCM allow 2^32 entries (NIST SP 800-38D,
/// section 8.3), which a busy fleet writes within days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Cipher {
    /// XChaCha20-Poly1305 (RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha): fast on every processor, constant
    /// time without its help. The default.
    #[default]
    XChaCha20Poly1305,
    /// XAES-256-GCM (C2SP): AES-256-GCM under a key that is derived for each entry from the first half of its nonce. For
    /// where AES is asked for, on processors that have instructions for it.
    Xaes256Gcm,
}

/// A cipher under its key, which it wipes when it is dropped. `dyn` because the cipher is chosen at run time.
pub(crate) trait Sealer: Send + Sync {
    /// Encrypts `buffer` and appends its authentication tag. `bound` is authenticated and not kept.
    fn seal(&self, nonce: &[u8; NONCE_BYTES], bound: &[u8], buffer: &mut Vec<u8>) -> AeadResult<()>;

    /// The other way round; `buffer` is of no use when it fails.
    fn open(&self, nonce: &[u8; NONCE_BYTES], bound: &[u8], buffer: &mut Vec<u8>) -> AeadResult<()>;
}

impl Cipher {
    pub(crate) fn under(self, key: &[u8; 32]) -> Box<dyn Sealer> {
        match self {
            Self::XChaCha20Poly1305 => Box::new(XChaCha20Poly1305::new(key.into())),
            Self::Xaes256Gcm => Box::new(Xaes256Gcm::new(key.into())),
        }
    }
}

impl<C: AeadInOut + AeadCore<NonceSize = U24> + Send + Sync> Sealer for C {
    fn seal(&self, nonce: &[u8; NONCE_BYTES], bound: &[u8], buffer: &mut Vec<u8>) -> AeadResult<()> {
        self.encrypt_in_place(nonce.into(), bound, buffer)
    }

    fn open(&self, nonce: &[u8; NONCE_BYTES], bound: &[u8], buffer: &mut Vec<u8>) -> AeadResult<()> {
        self.decrypt_in_place(nonce.into(), bound, buffer)
    }
}
