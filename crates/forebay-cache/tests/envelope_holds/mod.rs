//! What holds of every envelope, for the property tests and the fuzz target.

use bytes::Bytes;
use forebay_cache::{
    Fingerprint, Stamp,
    envelope::{Compression, Decoded, Entry, Form, Header, Limits, Reject, stamp_of},
};
use forebay_scope::Tag;
use std::time::Duration;
use xxhash_rust::xxh3::Xxh3;

pub(crate) const KEY: &[u8] = b"ns:users:7";

pub(crate) fn schema() -> Fingerprint {
    Fingerprint::of("test", 0)
}

/// Every form this build can write, with limits that a test can reach.
pub(crate) fn forms() -> Vec<Form> {
    let limits = Limits { compress_from_bytes: 64, unpacked_bytes_max: 1 << 20, ..Limits::default() };
    let compressions = [
        Compression::Off,
        Compression::Lz4,
        #[cfg(feature = "zstd")]
        Compression::Zstd,
        #[cfg(feature = "gzip")]
        Compression::Gzip,
        #[cfg(feature = "brotli")]
        Compression::Brotli,
    ];
    let mut forms = Vec::new();
    for compression in compressions {
        let mut form = Form::new(limits);
        form.compression = compression;
        forms.push(form.clone());
        #[cfg(feature = "encryption")]
        {
            form.keyring = Some(forebay_cache::Keyring::new(forebay_cache::EncryptionKey::new(1, &[7; 32])));
            forms.push(form);
        }
    }
    forms
}

/// With the checksum that belongs to it, so that what is behind the checksum is reached.
pub(crate) fn resealed(bytes: &[u8]) -> Bytes {
    let mut bytes = bytes.to_vec();
    // What a tier wrote behind an envelope does not belong to what it was given.
    let (version, end) = (bytes.get(2).copied(), if bytes.get(2) == Some(&2) { 8 } else { 0 });
    let made = bytes.len().saturating_sub(end);
    if made >= 28 {
        bytes[2] = if end > 0 { 1 } else { bytes[2] };
        let mut hasher = Xxh3::new();
        hasher.update(&bytes[..20]);
        hasher.update(&(KEY.len() as u64).to_be_bytes());
        hasher.update(KEY);
        hasher.update(&bytes[28..made]);
        bytes[20..28].copy_from_slice(&hasher.digest().to_be_bytes());
        bytes[2] = version.unwrap_or_default();
    }
    bytes.into()
}

/// As a tier keeps it that wrote behind it until when.
pub(crate) fn ended(envelope: &[u8], end: u64) -> Bytes {
    let mut bytes = envelope.to_vec();
    bytes[2] = 2;
    bytes.extend_from_slice(&end.to_be_bytes());
    bytes.into()
}

/// Any bytes at all are read within the limits, or refused.
pub(crate) fn any_bytes(bytes: &[u8]) {
    for bytes in [Bytes::copy_from_slice(bytes), resealed(bytes)] {
        let header = Header::read(&bytes, KEY);
        for form in forms() {
            let opened = form.header(&bytes, KEY);
            match form.decode(&bytes, KEY, schema()) {
                Ok(Decoded::Entry(entry)) => {
                    assert!(header.is_ok(), "what is read whole has a header");
                    assert!(
                        matches!(&opened, Ok(Header::Entry(opened)) if opened.tags == entry.tags && opened.tags_known)
                    );
                    assert!(entry.payload.len() <= form.limits.unpacked_bytes_max);
                    assert!(entry.tags.len() <= Limits::TAGS_MAX);
                    assert_eq!(stamp_of(&bytes), Some(entry.stamp));
                }
                Ok(Decoded::Tombstone(stamp)) => assert_eq!(stamp_of(&bytes), Some(stamp)),
                Err(Reject::Unknown) => {
                    assert!(
                        header.is_err() && opened.is_err(),
                        "what this program does not know has no header"
                    );
                }
                Err(_) => {}
            }
        }
    }
}

/// An entry comes back as it was; with any byte changed, or cut anywhere, it does not come back at all.
pub(crate) fn entry_survives(payload: &[u8], tag: &str, at: usize) {
    let entry = Entry {
        stamp: Stamp { epoch: 7, number: at as u64 },
        fingerprint: schema(),
        age: Duration::from_millis(5),
        ttl: Some(Duration::from_secs(60)),
        stale: None,
        fallback: Some(Duration::from_secs(5)),
        keep: Some(Duration::from_secs(65)),
        load: Duration::from_millis(9),
        tags: vec![Tag::named(tag)],
        payload: Bytes::copy_from_slice(payload),
    };
    for form in forms() {
        let Ok(bytes) = form.encode(&entry, KEY) else { continue };
        assert_eq!(form.decode(&bytes, KEY, schema()), Ok(Decoded::Entry(entry.clone())));
        let Ok(Header::Entry(header)) = form.header(&bytes, KEY) else { panic!("it has a header") };
        assert_eq!((&header.tags, header.tags_known), (&entry.tags, true), "encrypted or not");
        assert!(form.decode(&bytes, b"ns:users:8", schema()).is_err(), "another key's");
        let at = at % bytes.len();
        let kept = ended(&bytes, at as u64);
        assert_eq!(form.decode(&kept, KEY, schema()), Ok(Decoded::Entry(entry.clone())));
        assert_eq!(form.header(&kept, KEY), Ok(Header::Entry(header)), "the same but for its end");
        for bytes in [bytes, kept] {
            for change in [1_u8, 0x80, 0xff] {
                let mut changed = bytes.to_vec();
                changed[at] ^= change;
                assert!(form.decode(&changed.into(), KEY, schema()).is_err(), "byte {at}");
            }
            assert!(form.decode(&bytes.slice(..at), KEY, schema()).is_err(), "cut to {at}");
            assert!(form.decode(&resealed(&bytes[..at]), KEY, schema()).is_err(), "cut to {at}, resealed");
        }
    }
}
