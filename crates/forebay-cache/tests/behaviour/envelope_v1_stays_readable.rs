//! Files written by the first versions of the envelope are read for ever, and are still what is written.

use bytes::Bytes;
use forebay_cache::{
    Fingerprint, Stamp,
    envelope::{Decoded, Entry, Form, Limits, Reject, tombstone},
};
use forebay_scope::Tag;
use std::time::Duration;

const KEY: &[u8] = b"shop:users:7";

fn entry(payload: impl Into<Bytes>) -> Entry {
    Entry {
        stamp: Stamp { epoch: 0x0102_0304_0506_0708, number: 42 },
        fingerprint: fingerprint(),
        age: Duration::from_millis(250),
        ttl: Some(Duration::from_secs(60)),
        stale: Some(Duration::from_secs(30)),
        fallback: None,
        keep: Some(Duration::from_secs(90)),
        load: Duration::from_millis(12),
        tags: vec![Tag::of("user", 7), Tag::named("prices")],
        payload: payload.into(),
    }
}

fn fingerprint() -> Fingerprint {
    Fingerprint::of("messagepack", 3)
}

fn read(golden: &'static [u8]) -> Decoded {
    let limits = Limits::default();
    Decoded::read(&Bytes::from_static(golden), KEY, fingerprint(), &limits).expect("a golden file is read")
}

#[test]
fn a_plain_entry() {
    let golden = include_bytes!("../golden/entry-v1-plain.bin");
    assert_eq!(read(golden), Decoded::Entry(entry("hello")));
    assert_eq!(entry("hello").encode(KEY, &Limits::default()).unwrap(), &golden[..]);
}

/// As Redis keeps it since version 2: with its end behind it.
#[test]
fn a_plain_entry_with_its_end() {
    let (plain, golden) =
        (include_bytes!("../golden/entry-v1-plain.bin"), include_bytes!("../golden/entry-v2-plain.bin"));
    assert_eq!(read(golden), Decoded::Entry(entry("hello")));
    assert_eq!((&golden[..2], golden[2], &golden[3..plain.len()]), (&plain[..2], 2, &plain[3..]));
    assert_eq!(golden[plain.len()..], 1_763_745_600_000_u64.to_be_bytes());
}

#[test]
fn a_compressed_entry() {
    let golden = include_bytes!("../golden/entry-v1-lz4.bin");
    assert_eq!(read(golden), Decoded::Entry(entry("forebay ".repeat(500))));
}

#[test]
fn a_tombstone() {
    let golden = include_bytes!("../golden/tombstone-v1.bin");
    let stamp = Stamp { epoch: 0x0102_0304_0506_0708, number: 43 };
    assert_eq!(read(golden), Decoded::Tombstone(stamp));
    assert_eq!(tombstone(KEY, stamp), &golden[..]);
}

/// Compressors may write other bytes in a later version, so these are read only.
#[test]
fn entries_of_the_other_compressions() {
    let goldens: [(bool, &'static [u8]); 3] = [
        (cfg!(feature = "zstd"), include_bytes!("../golden/entry-v1-zstd.bin")),
        (cfg!(feature = "gzip"), include_bytes!("../golden/entry-v1-gzip.bin")),
        (cfg!(feature = "brotli"), include_bytes!("../golden/entry-v1-brotli.bin")),
    ];
    for (known, golden) in goldens {
        if known {
            assert_eq!(read(golden), Decoded::Entry(entry("forebay ".repeat(500))));
        } else {
            let missed = Form::default().decode(&Bytes::from_static(golden), KEY, fingerprint());
            assert_eq!(missed, Err(Reject::OtherCompression));
        }
    }
}

/// The key of both is 32 times `B`, its id 7.
#[test]
fn encrypted_entries() {
    let goldens = [
        Bytes::from_static(include_bytes!("../golden/entry-v1-xchacha.bin")),
        Bytes::from_static(include_bytes!("../golden/entry-v1-xaes.bin")),
    ];
    for golden in &goldens {
        assert_eq!(Form::default().decode(golden, KEY, fingerprint()), Err(Reject::NoKey));
    }
    #[cfg(feature = "encryption")]
    for (golden, cipher) in
        goldens.iter().zip([forebay_cache::Cipher::XChaCha20Poly1305, forebay_cache::Cipher::Xaes256Gcm])
    {
        let key = forebay_cache::EncryptionKey::with(7, cipher, b"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");
        let form = Form { keyring: Some(forebay_cache::Keyring::new(key)), ..Form::default() };
        assert_eq!(form.decode(golden, KEY, fingerprint()), Ok(Decoded::Entry(entry("hello"))));
        assert_eq!(
            forebay_cache::envelope::stamp_of(golden),
            Some(entry("hello").stamp),
            "scripts compare it without a key"
        );
    }
}
