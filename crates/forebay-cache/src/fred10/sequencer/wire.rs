//! An event in bytes: version, epoch, number, its link, the link before it (33 bytes, written by `issue.lua`), then the
//! body: target, strength, positions (a count, then twenty bytes each) and the text of the target.
//!
//! The first 33 bytes keep their place in every version. A body this program does not understand, because a newer one
//! wrote it, is read as "clear everything": a node may forget too much, never too little.

use crate::{Event, Invalidation, Pattern, Stamp, Strength, Target};
use bytes::{Buf, Bytes};
use forebay_scope::{Position, Positions, Tag};
use std::borrow::Cow;

const VERSION: u8 = 1;
const KEY: u8 = 0;
const TAG: u8 = 1;
const CLEAR: u8 = 2;
const CLEAR_CACHE: u8 = 3;
/// Followed by the cache's name, which is empty for all of them, a colon, and the pattern.
const PATTERN: u8 = 4;
/// Bytes of a key, tag or cache name in an event.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// The invalidation as it is sent: one whose key or name is too long for an event hits everything instead.
pub(super) fn fitting(invalidation: &Invalidation) -> Cow<'_, Invalidation> {
    if text_of(&invalidation.target).1.len() <= TEXT_BYTES_MAX {
        return Cow::Borrowed(invalidation);
    }
    let positions = invalidation.positions.clone();
    Cow::Owned(Invalidation { target: Target::Clear(None), strength: Strength::Hard, positions })
}

fn text_of(target: &Target) -> (u8, Cow<'_, [u8]>) {
    match target {
        Target::Key(key) => (KEY, Cow::Borrowed(key)),
        Target::Tag(tag) => (TAG, Cow::Borrowed(tag.as_str().as_bytes())),
        Target::Clear(None) => (CLEAR, Cow::Borrowed(&[])),
        Target::Clear(Some(cache)) => (CLEAR_CACHE, Cow::Borrowed(cache.as_bytes())),
        Target::Pattern { cache, pattern } => {
            (PATTERN, Cow::Owned(pattern_name(cache.as_deref(), pattern).into_bytes()))
        }
    }
}

/// What a pattern is called in an event and in the table of patterns. No cache has a colon in its name.
pub(super) fn pattern_name(cache: Option<&str>, pattern: &Pattern) -> String {
    format!("{}:{pattern}", cache.unwrap_or_default())
}

pub(super) fn read_pattern(name: &str) -> Option<Target> {
    let (cache, pattern) = name.split_once(':')?;
    let cache = (!cache.is_empty()).then(|| cache.into());
    Some(Target::Pattern { cache, pattern: Pattern::new(pattern) })
}

/// The body of an event; `None` when it has more positions than there are databases to have them.
pub(super) fn body(invalidation: &Invalidation) -> Option<Bytes> {
    let (kind, text) = text_of(&invalidation.target);
    let places = positions(&invalidation.positions);
    let count = u16::try_from(places.len() / 20).ok()?;
    let mut bytes = Vec::with_capacity(4 + places.len() + text.len());
    bytes.extend_from_slice(&[kind, u8::from(invalidation.strength == Strength::Hard)]);
    bytes.extend_from_slice(&count.to_be_bytes());
    bytes.extend_from_slice(&places);
    bytes.extend_from_slice(&text);
    Some(bytes.into())
}

/// Positions as the scripts compare them: system, timeline, log sequence number, big-endian.
pub(super) fn positions(positions: &Positions) -> Bytes {
    let mut bytes = Vec::new();
    for position in positions.iter() {
        bytes.extend_from_slice(&position.system.to_be_bytes());
        bytes.extend_from_slice(&position.timeline.to_be_bytes());
        bytes.extend_from_slice(&position.lsn.to_be_bytes());
    }
    bytes.into()
}

pub(super) fn read_positions(bytes: &mut impl Buf, count: usize) -> Option<Positions> {
    let one = |_| {
        Some(Position {
            system: bytes.try_get_u64().ok()?,
            timeline: bytes.try_get_u32().ok()?,
            lsn: bytes.try_get_u64().ok()?,
        })
    };
    (0..count).map(one).collect()
}

/// The event in `bytes`; `None` only when they are too short to have been one.
pub(super) fn read(mut bytes: Bytes) -> Option<Event> {
    let version = bytes.try_get_u8().ok()?;
    let mut number = || bytes.try_get_u64().ok();
    let stamp = Stamp { epoch: number()?, number: number()? };
    let (link, previous) = (number()?, number()?);
    let understood = (version == VERSION).then(|| read_body(bytes)).flatten();
    let everything = || Invalidation {
        target: Target::Clear(None),
        strength: Strength::Hard,
        positions: Positions::default(),
    };
    Some(Event { stamp, link, previous, invalidation: understood.unwrap_or_else(everything) })
}

fn read_body(mut bytes: Bytes) -> Option<Invalidation> {
    let kind = bytes.try_get_u8().ok()?;
    let strength = match bytes.try_get_u8().ok()? {
        0 => Strength::Soft,
        1 => Strength::Hard,
        _ => return None,
    };
    let count = usize::from(bytes.try_get_u16().ok()?);
    let positions = read_positions(&mut bytes, count)?;
    let text = || std::str::from_utf8(&bytes).ok();
    let target = match kind {
        KEY => Target::Key(bytes),
        TAG => Target::Tag(Tag::named(text()?)),
        CLEAR if bytes.is_empty() => Target::Clear(None),
        CLEAR_CACHE => Target::Clear(Some(text()?.into())),
        PATTERN => read_pattern(text()?)?,
        _ => return None,
    };
    Some(Invalidation { target, strength, positions })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn invalidations() -> impl Strategy<Value = Invalidation> {
        let target = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|key| Target::Key(key.into())),
            ".{0,20}".prop_map(|tag| Target::Tag(Tag::named(tag))),
            Just(Target::Clear(None)),
            ".{0,20}".prop_map(|cache| Target::Clear(Some(cache.into()))),
            ("[a-z]{0,3}", ".{0,20}").prop_map(|(cache, pattern)| Target::Pattern {
                cache: (!cache.is_empty()).then(|| cache.into()),
                pattern: Pattern::new(&pattern),
            }),
        ];
        let place =
            any::<(u64, u32, u64)>().prop_map(|(system, timeline, lsn)| Position { system, timeline, lsn });
        let positions = prop::collection::vec(place, 0..4).prop_map(Positions::from_iter);
        (target, any::<bool>(), positions).prop_map(|(target, soft, positions)| Invalidation {
            target,
            strength: if soft { Strength::Soft } else { Strength::Hard },
            positions,
        })
    }

    fn event(version: u8, body: &[u8]) -> Bytes {
        let numbers = [1_u64, 2, 3, 4].map(u64::to_be_bytes).concat();
        [&[version][..], &numbers, body].concat().into()
    }

    proptest! {
        #[test]
        fn an_event_comes_back_as_it_was(invalidation in invalidations()) {
            let body = body(&invalidation).expect("it is short");
            let stamp = Stamp { epoch: 1, number: 2 };
            prop_assert_eq!(read(event(1, &body)), Some(Event { stamp, link: 3, previous: 4, invalidation }));
        }

        #[test]
        fn what_is_not_understood_clears_everything(version in 2_u8.., body in prop::collection::vec(any::<u8>(), 0..40)) {
            let event = read(event(version, &body)).expect("the header is whole");
            prop_assert_eq!(event.invalidation.target, Target::Clear(None));
            prop_assert_eq!(event.invalidation.strength, Strength::Hard);
        }

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let long_enough = bytes.len() >= 33;
            prop_assert_eq!(read(bytes.into()).is_some(), long_enough);
        }
    }

    #[test]
    fn a_text_without_end_hits_everything() {
        let keyed = |length: usize| Invalidation {
            target: Target::Key(vec![0; length].into()),
            strength: Strength::Soft,
            positions: Position { system: 1, timeline: 1, lsn: 1 }.into(),
        };
        assert_eq!(*fitting(&keyed(TEXT_BYTES_MAX)), keyed(TEXT_BYTES_MAX));
        let all = fitting(&keyed(TEXT_BYTES_MAX + 1)).into_owned();
        assert_eq!((all.target, all.strength), (Target::Clear(None), Strength::Hard));
        assert_eq!(all.positions, keyed(0).positions);
    }
}
