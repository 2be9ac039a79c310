//! What the tests of sequencers share.

use crate::fixture::until;
use forebay_cache::{Event, Heard, Invalidation, Mark, Missed, Sequencer, Strength, Tag, Target};
use forebay_scope::Positions;
use std::time::Duration;

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
