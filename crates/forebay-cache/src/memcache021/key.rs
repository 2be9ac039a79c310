use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt::Write};

/// Memcached takes 250 bytes on the wire, where a key with spaces or control characters is in base64.
const KEY_BYTES_MAX: usize = 180;

/// The key an entry is put under. The hash of a long one is cryptographic, as keys may hold what strangers chose: two that
/// met in a weaker one could be made to keep each other out of the tier.
pub(super) fn wire_key(key: &[u8]) -> Cow<'_, [u8]> {
    if !key.is_empty() && key.len() <= KEY_BYTES_MAX {
        return Cow::Borrowed(key);
    }
    let mut short = String::from("forebay:#");
    for byte in Sha256::digest(key) {
        // Writing to a string does not fail.
        let _infallible = write!(short, "{byte:02x}");
    }
    Cow::Owned(short.into_bytes())
}
