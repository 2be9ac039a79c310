//! Files written by the first version of the envelope are read for ever, and are still what is written.

use bytes::Bytes;
use forebay_cache::{
    Fingerprint, Stamp,
    envelope::{Decoded, Entry, Limits, tombstone},
};
use forebay_scope::Tag;
use std::time::Duration;

const KEY: &[u8] = b"shop:users:7";

fn entry(payload: impl Into<Bytes>) -> Entry {
    Entry {
        stamp: Stamp { epoch: 0x0102_0304_0506_0708, number: 42 },
        fingerprint: Fingerprint::of("messagepack", 3),
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

fn read(golden: &'static [u8]) -> Decoded {
    let limits = Limits::default();
    Decoded::read(&Bytes::from_static(golden), KEY, Fingerprint::of("messagepack", 3), &limits)
        .expect("a golden file is read")
}

#[test]
fn a_plain_entry() {
    let golden = include_bytes!("golden/entry-v1-plain.bin");
    assert_eq!(read(golden), Decoded::Entry(entry("hello")));
    assert_eq!(entry("hello").encode(KEY, &Limits::default()).unwrap(), &golden[..]);
}

#[test]
fn a_compressed_entry() {
    let golden = include_bytes!("golden/entry-v1-lz4.bin");
    assert_eq!(read(golden), Decoded::Entry(entry("forebay ".repeat(500))));
}

#[test]
fn a_tombstone() {
    let golden = include_bytes!("golden/tombstone-v1.bin");
    let stamp = Stamp { epoch: 0x0102_0304_0506_0708, number: 43 };
    assert_eq!(read(golden), Decoded::Tombstone(stamp));
    assert_eq!(tombstone(KEY, stamp), &golden[..]);
}
