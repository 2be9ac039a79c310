//! What the tests of tiers and sequencers share.

use bytes::Bytes;
use forebay_cache::{
    Event, Fill, Fingerprint, Heard, Invalidation, Mark, Missed, Removal, Sequencer, Stamp, Stored, Strength,
    Tag, Target, Tier,
    envelope::{Decoded, Entry, Limits},
};
use forebay_scope::Positions;
use std::time::Duration;

pub(crate) fn schema() -> Fingerprint {
    Fingerprint::of("test", 0)
}

pub(crate) fn stamp(number: u64) -> Stamp {
    Stamp { epoch: 7 << 24, number }
}

pub(crate) fn fill(key: &Bytes, text: &str, stamp: Stamp) -> Fill {
    let keep = Some(Duration::from_secs(60));
    let entry = Entry {
        stamp,
        fingerprint: schema(),
        age: Duration::ZERO,
        ttl: keep,
        stale: None,
        fallback: None,
        keep,
        load: Duration::ZERO,
        tags: Vec::new(),
        payload: Bytes::copy_from_slice(text.as_bytes()),
    };
    let value = entry.encode(key, &Limits::default()).expect("it is small");
    Fill { key: key.clone(), value, stamp, keep }
}

pub(crate) fn removal(key: &Bytes, stamp: Stamp) -> Removal {
    Removal { key: key.clone(), stamp, keep: Duration::from_secs(30) }
}

/// The text of a filled entry, `†` for a tombstone, nothing for a miss.
pub(crate) fn text(key: &Bytes, stored: Option<&Stored>) -> Option<String> {
    match Decoded::read(&stored?.value, key, schema(), &Limits::default()).expect("an envelope of this key") {
        Decoded::Entry(entry) => Some(String::from_utf8(entry.payload.to_vec()).expect("text")),
        Decoded::Tombstone(_) => Some("†".into()),
    }
}

/// Waits until the tier answers: it connects in the background.
pub(crate) async fn connected(tier: &dyn Tier) {
    until("the tier answers", async || tier.get(&[Bytes::from_static(b"probe")]).await.is_ok()).await;
}

/// Polls until `condition` holds; gives up, naming it, only when it has not for very long.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let poll = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), poll).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub(crate) fn soft(target: Target) -> Invalidation {
    Invalidation { target, strength: Strength::Soft, positions: Positions::default() }
}

pub(crate) fn tag(text: &str) -> Invalidation {
    soft(Target::Tag(Tag::named(text)))
}

pub(crate) fn mark_of(event: &Event) -> Mark {
    Mark { stamp: event.stamp, link: event.link }
}

/// Joins the chain as soon as the sequencer is connected.
pub(crate) async fn joined(sequencer: &dyn Sequencer) -> Missed {
    let mut missed = None;
    until("the sequencer answers", async || {
        missed = sequencer.missed(None).await.ok();
        missed.is_some()
    })
    .await;
    missed.expect("it answered")
}

/// The next thing heard that `wanted` accepts; gives up only after very long.
pub(crate) async fn hear<T>(sequencer: &dyn Sequencer, mut wanted: impl FnMut(&Heard) -> Option<T>) -> T {
    let listen = async {
        loop {
            if let Some(found) = wanted(&sequencer.heard().await) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), listen).await.expect("something else was awaited")
}

pub(crate) fn event(heard: &Heard) -> Option<Event> {
    match heard {
        Heard::Event(event) => Some(event.clone()),
        Heard::Alive(_) | Heard::Interrupted => None,
    }
}

pub(crate) fn alive(heard: &Heard) -> Option<Mark> {
    match heard {
        Heard::Alive(mark) => Some(*mark),
        Heard::Event(_) | Heard::Interrupted => None,
    }
}

pub(crate) fn interrupted(heard: &Heard) -> Option<()> {
    matches!(heard, Heard::Interrupted).then_some(())
}
