//! Whatever bytes a tier holds, reading them gives the entry that was written under this key or a miss.

use bytes::Bytes;
use forebay_cache::{
    Fingerprint, Stamp,
    envelope::{Decoded, Entry, Limits, Reject, Skip, stamp_of, tombstone},
};
use forebay_scope::Tag;
use proptest::prelude::*;
use std::time::Duration;

const KEY: &[u8] = b"ns:users:7";

fn schema() -> Fingerprint {
    Fingerprint::of("test", 0)
}

fn read(bytes: &Bytes) -> Result<Decoded, Reject> {
    Decoded::read(bytes, KEY, schema(), &Limits::default())
}

prop_compose! {
    fn millis()(ms in proptest::option::of(0..u64::MAX >> 3)) -> Option<Duration> {
        ms.map(Duration::from_millis)
    }
}

prop_compose! {
    fn entries()(
        epoch: u64,
        number: u64,
        age in 0..u64::MAX >> 3,
        windows in [millis(), millis(), millis(), millis()],
        load: u32,
        tags in prop::collection::vec("[a-z]{0,8}:[0-9]{0,4}", 0..5),
        payload in prop_oneof![prop::collection::vec(any::<u8>(), 0..300), (any::<u8>(), 0..20_000_usize).prop_map(|(b, n)| vec![b; n])],
    ) -> Entry {
        let [ttl, stale, fallback, keep] = windows;
        Entry {
            stamp: Stamp { epoch, number },
            fingerprint: schema(),
            age: Duration::from_millis(age),
            ttl, stale, fallback, keep,
            load: Duration::from_millis(load.into()),
            tags: tags.into_iter().map(Tag::named).collect(),
            payload: payload.into(),
        }
    }
}

proptest! {
    #[test]
    fn an_entry_comes_back_as_it_was(entry in entries()) {
        let bytes = entry.encode(KEY, &Limits::default()).unwrap();
        prop_assert_eq!(stamp_of(&bytes), Some(entry.stamp));
        prop_assert_eq!(read(&bytes), Ok(Decoded::Entry(entry)));
    }

    #[test]
    fn a_changed_bit_is_a_miss(entry in entries(), at: prop::sample::Index, bit in 0..8_u8) {
        let mut bytes = entry.encode(KEY, &Limits::default()).unwrap().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(read(&bytes.into()).is_err());
    }

    #[test]
    fn a_cut_or_longer_envelope_is_a_miss(entry in entries(), at: prop::sample::Index, more in prop::collection::vec(any::<u8>(), 1..9)) {
        let bytes = entry.encode(KEY, &Limits::default()).unwrap();
        prop_assert!(read(&bytes.slice(..at.index(bytes.len()))).is_err());
        let longer = [&bytes[..], &more].concat();
        prop_assert!(read(&longer.into()).is_err());
    }

    #[test]
    fn any_bytes_are_a_miss(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes.into()).is_err());
    }

    #[test]
    fn bytes_after_the_magic_number_are_a_miss(kind in 0..3_u8, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [&[b'F', b'B', 1, kind][..], &bytes].concat();
        prop_assert!(read(&bytes.into()).is_err());
    }

    #[test]
    fn stamps_order_as_their_bytes(a: (u64, u64), b: (u64, u64)) {
        let [a, b] = [a, b].map(|(epoch, number)| Stamp { epoch, number });
        let [x, y] = [a, b].map(|stamp| tombstone(KEY, stamp));
        prop_assert_eq!(a.cmp(&b), x[4..20].cmp(&y[4..20]));
    }
}

fn plain(payload: impl Into<Bytes>) -> Entry {
    Entry {
        stamp: Stamp { epoch: 3, number: 5 },
        fingerprint: schema(),
        age: Duration::ZERO,
        ttl: None,
        stale: None,
        fallback: None,
        keep: None,
        load: Duration::ZERO,
        tags: Vec::new(),
        payload: payload.into(),
    }
}

#[test]
fn another_keys_entry_is_a_miss() {
    let limits = Limits::default();
    let entry = plain("seven").encode(KEY, &limits).unwrap();
    assert_eq!(Decoded::read(&entry, b"ns:users:8", schema(), &limits), Err(Reject::Damaged));
    let stone = tombstone(KEY, Stamp { epoch: 1, number: 2 });
    assert_eq!(read(&stone), Ok(Decoded::Tombstone(Stamp { epoch: 1, number: 2 })));
    assert_eq!(Decoded::read(&stone, b"ns:users:8", schema(), &limits), Err(Reject::Damaged));
}

#[test]
fn another_schema_or_version_is_a_miss() {
    let limits = Limits::default();
    let entry = plain("seven").encode(KEY, &limits).unwrap();
    assert_eq!(Decoded::read(&entry, KEY, Fingerprint::of("test", 1), &limits), Err(Reject::OtherSchema));
    let mut later = entry.to_vec();
    later[2] = 3;
    assert_eq!(read(&later.into()), Err(Reject::Unknown));
}

#[test]
fn only_what_shrinks_is_compressed() {
    let limits = Limits::default();
    let length = |payload: Vec<u8>| plain(payload).encode(KEY, &limits).unwrap().len();
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    let noise: Vec<u8> = noise.take(4096).collect();
    let header = length(Vec::new());
    assert_eq!(length(vec![7; 1023]), header + 1023, "below the threshold");
    assert!(length(vec![7; 1024]) < header + 100);
    assert_eq!(length(noise), header + 4096, "does not pay");
}

#[test]
fn a_plain_payload_shares_the_envelopes_memory() {
    let entry = plain("seven").encode(KEY, &Limits::default()).unwrap();
    let Ok(Decoded::Entry(read)) = read(&entry) else { panic!("not an entry") };
    assert_eq!(read.payload.as_ptr(), entry[entry.len() - 5..].as_ptr());
}

#[test]
fn a_large_item_is_skipped_and_a_bomb_is_not_unpacked() {
    let zeros = plain(vec![0; 2 << 20]);
    let small = Limits { item_bytes_max: 1000, ..Limits::default() };
    assert_eq!(zeros.encode(KEY, &small), Err(Skip::TooLarge));
    let bytes = zeros.encode(KEY, &Limits::default()).unwrap();
    let careful = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    assert_eq!(Decoded::read(&bytes, KEY, schema(), &careful), Err(Reject::TooLarge));
    assert_eq!(zeros.encode(KEY, &careful), Err(Skip::TooLarge));
}

#[test]
fn tags_are_bounded() {
    let mut entry = plain("seven");
    entry.tags = (0..=Limits::TAGS_MAX).map(|n| Tag::of("user", n)).collect();
    assert_eq!(entry.encode(KEY, &Limits::default()), Err(Skip::TooManyTags));
    entry.tags = vec![Tag::named("x".repeat(Limits::TAG_BYTES_MAX + 1))];
    assert_eq!(entry.encode(KEY, &Limits::default()), Err(Skip::TooManyTags));
}

#[test]
fn the_longest_durations_are_told_from_none() {
    let mut entry = plain("seven");
    (entry.ttl, entry.keep) = (Some(Duration::MAX), Some(Duration::MAX));
    let Ok(Decoded::Entry(read)) = read(&entry.encode(KEY, &Limits::default()).unwrap()) else {
        panic!("not an entry")
    };
    assert!(read.ttl.is_some() && read.keep.is_some());
    assert_eq!(read.age_now(read.keep), Some(Duration::ZERO));
}

#[test]
fn the_age_follows_from_what_the_tier_has_left() {
    let seconds = Duration::from_secs;
    let mut entry = plain("seven");
    entry.age = seconds(2);
    entry.keep = Some(seconds(60));
    assert_eq!(entry.age_now(Some(seconds(45))), Some(seconds(17)));
    assert_eq!(entry.age_now(Some(seconds(61))), Some(seconds(2)));
    assert_eq!(entry.age_now(None), None, "the tier kept it without a limit");
}
