//! Whatever the bytes and whatever the form (compressed in each way, encrypted or not), an envelope is the entry that was
//! written or a miss.

use bytes::Bytes;
use forebay_cache::envelope::{Decoded, Form, Limits, Reject};
use proptest::prelude::*;

use crate::envelope_holds::{KEY, any_bytes, entry_survives, forms, resealed, schema};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_at_all(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        any_bytes(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_header(
        version in 1..4_u8, kind in 0..3_u8, compression in 0..6_u8, flags in 0..4_u8,
        tags in 0..3_u16, unpacked in prop_oneof![0..600_u32, any::<u32>()],
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut bytes = vec![0; 88];
        bytes[..4].copy_from_slice(&[b'F', b'B', version, kind]);
        // The fingerprint of the schema, from an envelope of it.
        let sample = envelope(b"", &Form::default());
        bytes[28..36].copy_from_slice(&sample[28..36]);
        (bytes[36], bytes[37]) = (compression, flags);
        bytes[38..40].copy_from_slice(&tags.to_be_bytes());
        bytes[44..48].copy_from_slice(&unpacked.to_be_bytes());
        bytes.extend_from_slice(&rest);
        any_bytes(&bytes);
    }

    #[test]
    fn any_entry_with_any_byte_changed(
        payload in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            (any::<u8>(), 0..5_000_usize).prop_map(|(byte, length)| vec![byte; length]),
        ],
        tag in "[a-z]{0,9}",
        at in any::<u16>(),
    ) {
        entry_survives(&payload, &tag, at.into());
    }
}

fn envelope(payload: &[u8], form: &Form) -> Bytes {
    let entry = forebay_cache::envelope::Entry {
        stamp: forebay_cache::Stamp { epoch: 1, number: 1 },
        fingerprint: schema(),
        age: std::time::Duration::ZERO,
        ttl: None,
        stale: None,
        fallback: None,
        keep: None,
        load: std::time::Duration::ZERO,
        tags: Vec::new(),
        payload: Bytes::copy_from_slice(payload),
    };
    form.encode(&entry, KEY).expect("it is small")
}

#[test]
fn every_byte_and_every_length() {
    let text = b"{\"name\":\"Ann\",\"team\":7},".repeat(8);
    for at in 0..420 {
        entry_survives(&text, "team:7", at);
    }
}

#[test]
fn a_bomb_is_not_unpacked_in_any_form() {
    for form in forms() {
        let mut large = form.clone();
        large.limits = Limits { unpacked_bytes_max: 8 << 20, item_bytes_max: 8 << 20, ..form.limits };
        let bytes = envelope(&vec![0; 4 << 20], &large);
        assert_eq!(form.decode(&bytes, KEY, schema()), Err(Reject::TooLarge), "{form:?}");
        // One that claims to be small is found out when it is not, and before much of it is unpacked.
        if bytes[37] == 0 && bytes[36] != 0 {
            let mut liar = bytes.to_vec();
            liar[44..48].copy_from_slice(&100_u32.to_be_bytes());
            assert_eq!(form.decode(&resealed(&liar), KEY, schema()), Err(Reject::Damaged), "{form:?}");
        }
    }
}

#[test]
fn what_compresses_well_is_smaller_in_every_form() {
    let text = b"{\"customer\":\"Ann\",\"balance_cents\":120050,\"open\":true},".repeat(100);
    for form in forms() {
        let bytes = envelope(&text, &form);
        let packed = form.compression != forebay_cache::envelope::Compression::Off;
        assert_eq!(bytes.len() < text.len() / 2, packed, "{form:?}: {}", bytes.len());
        assert!(
            matches!(form.decode(&bytes, KEY, schema()), Ok(Decoded::Entry(entry)) if entry.payload == text)
        );
    }
}

#[test]
fn an_unknown_compression_or_version_is_a_miss() {
    let bytes = envelope(b"seven", &Form::default());
    for (at, value, reject) in [
        (2, 3, Reject::Unknown),
        (3, 9, Reject::Unknown),
        (36, 99, Reject::OtherCompression),
        (37, 2, Reject::Unknown),
    ] {
        let mut changed = bytes.to_vec();
        changed[at] = value;
        assert_eq!(Form::default().decode(&resealed(&changed), KEY, schema()), Err(reject), "byte {at}");
    }
}
