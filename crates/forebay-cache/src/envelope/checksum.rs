use xxhash_rust::xxh3::Xxh3;

/// Binds an envelope to its key: bytes that reached the wrong key, for whatever reason, do not decode there.
pub(super) fn checksum(key: &[u8], prefix: &[u8], rest: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(prefix);
    hasher.update(&(key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(rest);
    hasher.digest()
}
