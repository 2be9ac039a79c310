//! Log positions that clients carry, signed.

use crate::error::PoolError;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use forebay_scope::{Position, Positions};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// Makes texts of log positions for a cookie or a header, and reads them back: what a client wrote through one process it then
/// reads through any other.
///
/// A text is signed (HMAC-SHA-256), because one who makes up positions could send all of its reads to the primary, or wait
/// for what will never be. It is no secret and does not end: an old one asks for what every server has.
///
/// ```
/// use forebay_pool::PositionTokens;
/// use forebay_scope::{Position, Positions};
///
/// let tokens = PositionTokens::new([b"at least sixteen bytes, kept secret"])?;
/// let written = Positions::from(Position { system: 7301, timeline: 1, lsn: 0x16_B374_D848 });
/// let cookie = tokens.sign(&written);
/// assert_eq!(tokens.verify(&cookie), Some(written));
/// assert_eq!(tokens.verify("made up"), None);
/// # Ok::<_, forebay_pool::PoolError>(())
/// ```
#[derive(Clone)]
pub struct PositionTokens {
    /// The first signs; all are accepted.
    keys: Vec<Hmac<Sha256>>,
}

/// First byte of what is signed, so that another form can be told from this one.
const VERSION: u8 = 1;
/// System, timeline and log sequence number.
const POSITION_BYTES: usize = 8 + 4 + 8;
/// Of the 32 bytes of a signature so many are sent: forging one takes 2¹²⁷ tries on average.
///
/// Source: RFC 2104, section 5 (at least half of the hash).
const SIGNATURE_BYTES: usize = 16;

impl PositionTokens {
    /// Shortest key, in bytes.
    pub const KEY_BYTES_MIN: usize = 16;
    /// Most positions in one text: a request rarely writes to more than one database system.
    pub const POSITIONS_MAX: usize = 8;

    /// `keys` are secrets that all processes share: the first signs, all are accepted, so that keys can be rotated (first
    /// add the new one at the end everywhere, then move it to the front, then drop the old one).
    ///
    /// # Errors
    /// [`PoolError::Config`] for no key, or one shorter than [`PositionTokens::KEY_BYTES_MIN`].
    pub fn new<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> Result<Self, PoolError> {
        let key = |key: K| {
            let key = key.as_ref();
            if key.len() < Self::KEY_BYTES_MIN {
                let least = Self::KEY_BYTES_MIN;
                return Err(PoolError::config("position token key", format!("has less than {least} bytes")));
            }
            Ok(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
        };
        let keys = keys.into_iter().map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(PoolError::config("position token key", "is missing"));
        }
        Ok(Self { keys })
    }

    /// The text of some positions: letters, digits, `-` and `_`, about 50 of them for one position.
    ///
    /// Of more than [`PositionTokens::POSITIONS_MAX`] the first ones count.
    #[must_use]
    pub fn sign(&self, positions: &Positions) -> String {
        let mut bytes = vec![VERSION];
        for position in positions.iter().take(Self::POSITIONS_MAX) {
            bytes.extend(position.system.to_be_bytes());
            bytes.extend(position.timeline.to_be_bytes());
            bytes.extend(position.lsn.to_be_bytes());
        }
        let signature = self.keys[0].clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(&signature[..SIGNATURE_BYTES]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The positions of a text that was signed with one of the keys; `None` for any other text.
    #[must_use]
    pub fn verify(&self, text: &str) -> Option<Positions> {
        // Longer than any of ours: not decoded.
        if text.len() > 2 * (1 + Self::POSITIONS_MAX * POSITION_BYTES + SIGNATURE_BYTES) {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_BYTES)?)?;
        let signs = |key: &&Hmac<Sha256>| {
            (*key).clone().chain_update(signed).verify_truncated_left(signature).is_ok()
        };
        self.keys.iter().find(signs)?;
        let (version, positions) = signed.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (positions, []) = positions.as_chunks::<POSITION_BYTES>() else { return None };
        Some(positions.iter().map(position).collect())
    }
}

fn position(bytes: &[u8; POSITION_BYTES]) -> Position {
    let number = |part: &[u8]| part.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let timeline = number(&bytes[8..12]);
    Position {
        system: number(&bytes[..8]),
        timeline: u32::try_from(timeline).expect("four bytes fit"),
        lsn: number(&bytes[12..]),
    }
}

impl fmt::Debug for PositionTokens {
    /// Keys are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PositionTokens").field("keys", &self.keys.len()).finish()
    }
}
