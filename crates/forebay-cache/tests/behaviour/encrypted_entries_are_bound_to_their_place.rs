//! An encrypted entry is read by whoever has its key, where it was put, as it was put; anything else is a miss.
#![cfg(feature = "encryption")]

use bytes::Bytes;
use forebay_cache::{
    Cipher, EncryptionKey, Fingerprint, Keyring, KeyringError, Stamp,
    envelope::{Decoded, Entry, Form, Reject, stamp_of, tombstone},
};
use forebay_scope::Tag;
use std::time::Duration;
use xxhash_rust::xxh3::Xxh3;

const KEY: &[u8] = b"shop:users:7";
const CIPHERS: [Cipher; 2] = [Cipher::XChaCha20Poly1305, Cipher::Xaes256Gcm];

fn schema() -> Fingerprint {
    Fingerprint::of("test", 0)
}

fn key(id: u32) -> EncryptionKey {
    EncryptionKey::new(id, &[u8::try_from(id).expect("a small number"); 32])
}

fn form(keyring: &Keyring) -> Form {
    Form { keyring: Some(keyring.clone()), ..Form::default() }
}

fn entry() -> Entry {
    Entry {
        stamp: Stamp { epoch: 3, number: 5 },
        fingerprint: schema(),
        age: Duration::from_secs(1),
        ttl: Some(Duration::from_secs(60)),
        stale: None,
        fallback: None,
        keep: Some(Duration::from_secs(60)),
        load: Duration::from_millis(3),
        tags: vec![Tag::named("customer-of-the-year")],
        payload: Bytes::from_static(b"the account of Ann"),
    }
}

fn read(form: &Form, bytes: &Bytes) -> Result<Decoded, Reject> {
    form.decode(bytes, KEY, schema())
}

/// What someone who can write to the tier would do: the checksum is no secret.
fn with_checksum(mut bytes: Vec<u8>, key: &[u8]) -> Bytes {
    let mut hasher = Xxh3::new();
    hasher.update(&bytes[..20]);
    hasher.update(&(key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(&bytes[28..]);
    bytes[20..28].copy_from_slice(&hasher.digest().to_be_bytes());
    bytes.into()
}

#[test]
fn it_comes_back_and_shows_nothing_on_the_way() {
    for cipher in CIPHERS {
        let form = form(&Keyring::new(EncryptionKey::with(1, cipher, &[9; 32])));
        let bytes = form.encode(&entry(), KEY).unwrap();
        assert_eq!(read(&form, &bytes), Ok(Decoded::Entry(entry())));
        assert_eq!(stamp_of(&bytes), Some(entry().stamp));
        let shows = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(!shows(b"Ann") && !shows(b"customer"), "value and tags are not readable");
        assert_ne!(form.encode(&entry(), KEY).unwrap(), bytes, "every entry has its own nonce");
    }
}

#[test]
fn every_changed_byte_is_a_miss_even_with_the_right_checksum() {
    for cipher in CIPHERS {
        let form = form(&Keyring::new(EncryptionKey::with(1, cipher, &[9; 32])));
        let bytes = form.encode(&entry(), KEY).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 0x10;
            assert!(read(&form, &changed.clone().into()).is_err(), "byte {at}");
            if !(20..28).contains(&at) {
                assert!(read(&form, &with_checksum(changed, KEY)).is_err(), "byte {at}, resealed");
            }
        }
        for length in 28..bytes.len() {
            assert!(read(&form, &with_checksum(bytes[..length].to_vec(), KEY)).is_err(), "cut to {length}");
        }
    }
}

#[test]
fn another_keys_entry_does_not_pass() {
    let form = form(&Keyring::new(key(1)));
    let bytes = form.encode(&entry(), b"shop:users:8").unwrap();
    assert_eq!(read(&form, &with_checksum(bytes.to_vec(), KEY)), Err(Reject::Forged));
}

#[test]
fn another_key_of_the_same_id_is_a_miss() {
    let bytes = form(&Keyring::new(key(1))).encode(&entry(), KEY).unwrap();
    let other = form(&Keyring::new(EncryptionKey::new(1, &[2; 32])));
    assert_eq!(read(&other, &bytes), Err(Reject::Forged));
    let cipher = form(&Keyring::new(EncryptionKey::with(1, Cipher::Xaes256Gcm, &[1; 32])));
    assert_eq!(read(&cipher, &bytes), Err(Reject::Forged));
}

#[test]
fn keys_rotate_without_a_miss() {
    let [a, b] = [Keyring::new(key(1)), Keyring::new(key(1))];
    let readable = |from: &Keyring, by: &Keyring| {
        read(&form(by), &form(from).encode(&entry(), KEY).expect("it is small"))
            == Ok(Decoded::Entry(entry()))
    };
    let both = || readable(&a, &b) && readable(&b, &a);
    a.accept(key(2)).unwrap();
    assert!(both());
    b.accept(key(2)).unwrap();
    a.promote(2).unwrap();
    assert_eq!(a.ids(), [2, 1]);
    assert!(both(), "one encrypts with the new key, one with the old");
    b.promote(2).unwrap();
    a.retire(1).unwrap();
    assert!(both());
    let old = form(&Keyring::new(key(1))).encode(&entry(), KEY).unwrap();
    assert_eq!(read(&form(&a), &old), Err(Reject::NoKey), "what it retired is gone");
}

#[test]
fn a_ring_refuses_what_would_lock_it_out() {
    let ring = Keyring::new(key(1));
    assert_eq!(ring.accept(key(1)), Err(KeyringError::Current(1)));
    assert_eq!(ring.retire(1), Err(KeyringError::Current(1)));
    assert_eq!(ring.promote(9), Err(KeyringError::Unknown(9)));
    assert_eq!(ring.retire(9), Err(KeyringError::Unknown(9)));
    for id in 2..=u32::try_from(Keyring::KEYS_MAX).unwrap() {
        ring.accept(key(id)).unwrap();
    }
    assert_eq!(ring.accept(key(99)), Err(KeyringError::Full));
    ring.accept(key(2)).expect("it replaces one");
    let clone = ring.clone();
    clone.promote(2).unwrap();
    assert_eq!(ring.ids()[0], 2, "clones are the same ring");
}

#[test]
fn what_is_not_encrypted_is_a_miss_unless_asked_for() {
    let plain = Form::default().encode(&entry(), KEY).unwrap();
    let ring = Keyring::new(key(1));
    assert_eq!(read(&form(&ring), &plain), Err(Reject::NotEncrypted));
    assert_eq!(read(&form(&ring.clone().reads_plain(true)), &plain), Ok(Decoded::Entry(entry())));
    let sealed = form(&ring).encode(&entry(), KEY).unwrap();
    assert_eq!(read(&Form::default(), &sealed), Err(Reject::NoKey));
    let stamp = Stamp { epoch: 3, number: 6 };
    assert_eq!(read(&form(&ring), &tombstone(KEY, stamp)), Ok(Decoded::Tombstone(stamp)));
}

#[test]
fn keys_are_read_from_digits_and_shown_nowhere() {
    let digits = "4f".repeat(32);
    let read = EncryptionKey::from_hex(3, &format!("{digits}\n")).unwrap();
    assert_eq!(format!("{read:?}"), "EncryptionKey { id: 3, .. }");
    let ring = Keyring::new(read);
    assert_eq!(format!("{ring:?}"), "Keyring { ids: [3], reads_plain: false, .. }");
    let same = form(&Keyring::new(EncryptionKey::new(3, &[0x4f; 32])));
    assert!(same.decode(&form(&ring).encode(&entry(), KEY).unwrap(), KEY, schema()).is_ok());
    for wrong in ["", "4f", &"4g".repeat(32), &"é".repeat(32), &"4f".repeat(33)] {
        assert_eq!(EncryptionKey::from_hex(3, wrong).unwrap_err(), KeyringError::Malformed(3));
    }
}
