//! What the tests of tiers and sequencers share.

use bytes::Bytes;
use forebay_cache::{
    Fill, Fingerprint, LeaseAsk, LeaseToken, Removal, Stamp, Stored, Tier,
    envelope::{Decoded, Entry, Limits},
};
use std::{future::Future, task::Poll, time::Duration};

pub(crate) fn schema() -> Fingerprint {
    Fingerprint::of("test", 0)
}

pub(crate) fn stamp(number: u64) -> Stamp {
    Stamp { epoch: 7 << 24, number }
}

pub(crate) fn fill(key: &Bytes, text: &str, stamp: Stamp) -> Fill {
    fill_for(Some(Duration::from_secs(60)), key, text, stamp)
}

/// A fill that is kept for so long.
pub(crate) fn fill_for(keep: Option<Duration>, key: &Bytes, text: &str, stamp: Stamp) -> Fill {
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

/// Asks for the lease of a key for long enough.
pub(crate) fn ask() -> LeaseAsk {
    LeaseAsk {
        token: LeaseToken::random(),
        hold: Duration::from_secs(30),
        stale_within: Duration::from_secs(1),
        always: false,
        waited_for: None,
    }
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

/// Polls a future a few times, letting others run in between, and drops it.
pub(crate) async fn give_up<F: Future>(call: F, polls: u32) -> Option<F::Output> {
    let mut call = Box::pin(call);
    for _ in 0..polls {
        let polled = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}
