use super::{
    chain::Heard,
    ledger::Ledger,
    member::{Member, Members, every_member},
    space::Namespace,
};
use crate::{CacheEvent, Event, Invalidation, Missed, Mode, Stamp, Strength, Target};
use bytes::Bytes;
use std::sync::{Arc, Weak};

impl Namespace {
    pub(super) fn apply(&self, invalidation: &Invalidation) {
        self.apply_with(invalidation, |ledger| Some(ledger.apply(invalidation, None)));
    }

    /// Applies an event unless it is known, or in any case when it is this node's own (`own`); returns what it was.
    ///
    /// The chain moves on together with what the event does: a load that takes the event's number as its stamp finds
    /// its effects.
    pub(super) fn apply_event(&self, event: &Event, own: bool) -> Heard {
        let mut heard = Heard::Known;
        self.apply_with(&event.invalidation, |ledger| {
            let (was, change) = ledger.hear(event, own);
            heard = was;
            change
        });
        heard
    }

    /// Applies an invalidation by `change`, which gives the new count, or `None` when there is nothing to do.
    ///
    /// What an invalidation of a key removes goes together with the change of the ledger: nobody finds the old entry and
    /// stores it again, or what was made of it, under the new number.
    pub(super) fn apply_with(
        &self,
        invalidation: &Invalidation,
        change: impl FnOnce(&mut Ledger) -> Option<u64>,
    ) {
        let Invalidation { target, strength, .. } = invalidation;
        let concerned = |members: &Members| match target {
            Target::Clear(None) => every_member(members),
            Target::Clear(Some(cache)) => members.get(&**cache).and_then(Weak::upgrade).into_iter().collect(),
            Target::Key(_) | Target::Tag(_) | Target::Pattern { .. } => Vec::new(),
        };
        let of_tag_only = matches!(target, Target::Key(_) | Target::Tag(_));
        let change = || self.change(change, concerned, *strength, of_tag_only);
        let key = if let Target::Key(key) = target { split_key(key) } else { None };
        match key.and_then(|(cache, key)| Some((self.member(cache)?, key))) {
            Some((member, key)) => {
                let mut change = Some(change);
                member.forget(key, *strength, &mut || change.take().is_some_and(|change| change()));
            }
            None => _ = change(),
        }
    }

    /// Has remote tiers bury what they may hold under a key that took `stamp`.
    pub(super) fn bury(&self, key: &Bytes, stamp: Stamp) {
        let member = split_key(key).and_then(|(cache, _)| self.member(cache));
        // A cache that is not known here may well be in the tiers.
        if member.is_none_or(|cache| cache.is_tiered()) {
            self.0.tombstones.bury(key, stamp);
        }
    }

    /// An event that was missed: its place in the chain is known from the replay.
    pub(super) fn replay(&self, event: &Event) {
        if self.apply_event(event, false) != Heard::Known {
            self.0.meters.heard.increment(1);
            self.tell_of(&event.invalidation, Some(event.stamp));
        }
    }

    /// The node stands at `end` and cannot tell what it missed: what it holds is a mere fallback.
    /// Asked for after so many `breaks` of the chain.
    pub(super) fn rejoin(&self, missed: &Missed, breaks: u64) {
        self.0.meters.suspected.increment(1);
        self.tell(|| CacheEvent::Suspected);
        self.change(|ledger| Some(ledger.rejoin(missed, breaks)), every_member, Strength::Soft, false);
    }

    /// What the node holds may be out of date: it is a mere fallback.
    pub(super) fn suspect(&self) {
        self.0.meters.suspected.increment(1);
        self.tell(|| CacheEvent::Suspected);
        self.change(
            |ledger| {
                ledger.changes += 1;
                Some(ledger.changes)
            },
            every_member,
            Strength::Soft,
            false,
        );
    }

    /// Changes the ledger, tells the members it concerns, and publishes the new count last of all;
    /// whether there was a change. `of_tag_only` when it concerns no entry but those with a certain tag.
    fn change(
        &self,
        change: impl FnOnce(&mut Ledger) -> Option<u64>,
        concerned: impl FnOnce(&Members) -> Vec<Arc<dyn Member>>,
        strength: Strength,
        of_tag_only: bool,
    ) -> bool {
        let mut ledger = self.ledger();
        let Some(change) = change(&mut ledger) else { return false };
        let members = concerned(&self.members());
        for member in &members {
            member.forget_all(change, strength);
        }
        self.0.counts.applied(change, of_tag_only);
        drop(ledger);
        // After the lock: the last reference to a cache drops its values, which is the user's code.
        drop(members);
        true
    }

    /// The mode changes together with the count of invalidations: a load that began before stores what is not valid, and
    /// one that begins later finds the new mode.
    pub(crate) fn set_mode_of(&self, member: Arc<dyn Member>, mode: Mode) {
        let switched = member.clone();
        let next = |ledger: &mut Ledger| {
            switched.set_mode(mode);
            ledger.changes += 1;
            Some(ledger.changes)
        };
        let _changed = self.change(next, |_| vec![member], Strength::Hard, false);
        switched.sweep();
    }

    /// Moves the count of invalidations on, so that each entry is judged anew; the new count.
    pub(crate) fn count_on(&self) -> u64 {
        let mut counted = 0;
        let next = |ledger: &mut Ledger| {
            ledger.changes += 1;
            counted = ledger.changes;
            Some(counted)
        };
        let _changed = self.change(next, |_| Vec::new(), Strength::Soft, false);
        counted
    }
}

/// The cache's name and the key's bytes in `cache:key`.
pub(super) fn split_key(full: &[u8]) -> Option<(&str, &[u8])> {
    let colon = full.iter().position(|byte| *byte == b':')?;
    let cache = std::str::from_utf8(&full[..colon]).ok()?;
    Some((cache, &full[colon + 1..]))
}
