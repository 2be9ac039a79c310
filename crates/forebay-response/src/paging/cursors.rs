use super::{BadPage, CursorError};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;
use std::{fmt, marker::PhantomData, sync::Arc};

/// First byte of what is signed, so that another form can be told from this one.
const VERSION: u8 = 1;
/// Of the 32 bytes of a signature so many are sent. Source: RFC 2104, section 5 (at least half of the hash).
const SIGNATURE_BYTES: usize = 16;

/// Makes the cursors of one list and reads them back. A cursor is the place of a row in the list's order: the values of the
/// columns it is sorted by, as a `P`.
///
/// Cursors are opaque to clients and signed (HMAC-SHA-256), so that nobody makes up places; one of another list, another
/// form of its places, or another key is refused. They are no secret: who decodes one reads the place. They do not end.
///
/// ```
/// use forebay_response::{BadPage, Cursors};
///
/// let users: Cursors<(String, i64)> = Cursors::new("users by name, 1", [b"at least sixteen bytes, kept secret"])?;
/// let cursor = users.sign(&("Ada".to_owned(), 7))?;
/// assert_eq!(users.verify(&cursor), Ok(("Ada".to_owned(), 7)));
/// assert_eq!(users.verify("made up"), Err(BadPage::Cursor));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Cursors<P> {
    /// The first signs; all are accepted.
    keys: Arc<[Hmac<Sha256>]>,
    places: PhantomData<fn(P) -> P>,
}

impl<P> Cursors<P> {
    /// Shortest key, in bytes.
    pub const KEY_BYTES_MIN: usize = 16;

    /// `list` names the list and its order; change it when the order or `P` changes, and cursors of before are refused.
    ///
    /// `keys` are secrets that all processes share: the first signs, all are accepted, so that keys can be rotated (first
    /// add the new one at the end everywhere, then move it to the front, then drop the old one).
    ///
    /// # Errors
    /// No key, or one shorter than [`Cursors::KEY_BYTES_MIN`].
    pub fn new<K: AsRef<[u8]>>(list: &str, keys: impl IntoIterator<Item = K>) -> Result<Self, CursorError> {
        let keyed = |key: K| {
            let key = key.as_ref();
            if key.len() < Self::KEY_BYTES_MIN {
                return Err(CursorError::ShortKey);
            }
            let mac: Hmac<Sha256> = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
            // The length first: no list's name runs into a place.
            Ok(mac.chain_update((list.len() as u64).to_be_bytes()).chain_update(list))
        };
        let keys: Arc<[_]> = keys.into_iter().map(keyed).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(CursorError::NoKey) } else { Ok(Self { keys, places: PhantomData }) }
    }
}

impl<P: Serialize + DeserializeOwned> Cursors<P> {
    /// The cursor of a place: letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// The place cannot be written as JSON.
    pub fn sign(&self, place: &P) -> Result<String, CursorError> {
        let mut bytes = vec![VERSION];
        serde_json::to_writer(&mut bytes, place).map_err(CursorError::Place)?;
        let signature = self.keys[0].clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&signature[..SIGNATURE_BYTES]);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place of a cursor.
    ///
    /// # Errors
    /// [`BadPage::Cursor`] for any text that was not signed for this list with one of the keys.
    pub fn verify(&self, cursor: &str) -> Result<P, BadPage> {
        self.place(cursor).ok_or(BadPage::Cursor)
    }

    fn place(&self, cursor: &str) -> Option<P> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (signed, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        let signs = |key: &&Hmac<Sha256>| {
            (*key).clone().chain_update(signed).verify_truncated_left(signature).is_ok()
        };
        self.keys.iter().find(signs)?;
        let (&version, place) = signed.split_first()?;
        if version != VERSION {
            return None;
        }
        serde_json::from_slice(place).ok()
    }
}

impl<P> Clone for Cursors<P> {
    fn clone(&self) -> Self {
        Self { keys: Arc::clone(&self.keys), places: PhantomData }
    }
}

impl<P> fmt::Debug for Cursors<P> {
    /// Keys are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursors").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}
