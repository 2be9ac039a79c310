use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_128;

/// Memcached takes 250 bytes on the wire, where a key with spaces or control characters is in base64.
const KEY_BYTES_MAX: usize = 180;

/// The key an entry is put under.
pub(super) fn wire_key(key: &[u8]) -> Cow<'_, [u8]> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        Cow::Owned(format!("forebay:#{:032x}", xxh3_128(key)).into_bytes())
    } else {
        Cow::Borrowed(key)
    }
}
