use super::life::Life;
use crate::clock::{Moment, NEVER};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a look-up has to know of an entry to serve it at once, in one word: up to which count of invalidations it was
/// found valid, until when it is fresh, and whether it has tags.
///
/// It may know less than the entry's [`Life`] does, never more: where it does not say yes, the look-up asks there. It is
/// one word, because every entry of the store has one beside its key.
#[derive(Debug)]
pub(super) struct Pass(AtomicU64);

/// One reading of a [`Pass`].
///
/// From the highest bit: 32 bits of the first count of invalidations that the entry was not checked against (0 for
/// "never", and at their end they stay there), 1 bit for tags, 31 bits of [`Until`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading(u64);

/// Until when an entry is fresh, in fifteenths of a second and rounded down; the system's clock passes the last one four
/// and a half years after the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Until(u64);

impl Pass {
    /// The pass of an entry that was valid when its load began.
    pub(super) fn of(life: &Life) -> Self {
        let Until(until) = Until::at_most(life.plain_until());
        let tagged = if life.tags().is_empty() { 0 } else { Reading::TAGGED };
        Self(AtomicU64::new(Reading(tagged | until).checked_at(life.loaded_at_change).0))
    }

    #[inline]
    pub(super) fn read(&self) -> Reading {
        Reading(self.0.load(Ordering::Acquire))
    }

    /// The entry is no longer taken for valid without asking its life.
    pub(super) fn revoke(&self) {
        self.0.fetch_and(!Reading::COUNT, Ordering::AcqRel);
    }

    /// The entry, whose pass read `before`, was found valid against everything up to `changes`: what comes later has a
    /// larger count. A revocation meanwhile stands.
    pub(super) fn checked(&self, before: Reading, changes: u64) {
        let (done, failed) = (Ordering::AcqRel, Ordering::Relaxed);
        // Whoever else wrote here knew as much or more.
        let _changed = self.0.compare_exchange(before.0, before.checked_at(changes).0, done, failed);
    }
}

impl Clone for Pass {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.read().0))
    }
}

impl Reading {
    const COUNT_AT: u32 = 32;
    const COUNT: u64 = (u32::MAX as u64) << Self::COUNT_AT;
    const TAGGED: u64 = 1 << 31;

    fn checked_at(self, changes: u64) -> Self {
        let count = changes.saturating_add(1).min(u64::from(u32::MAX));
        Self(self.0 & !Self::COUNT | count << Self::COUNT_AT)
    }

    /// Up to which count the entry was checked; `None` when the pass cannot say.
    pub(super) fn known_valid_at(self) -> Option<u64> {
        let count = self.0 >> Self::COUNT_AT;
        (count < u64::from(u32::MAX)).then(|| count.checked_sub(1)).flatten()
    }

    #[inline]
    pub(super) fn is_tagged(self) -> bool {
        self.0 & Self::TAGGED != 0
    }

    /// Whether the entry was checked against everything up to the count `newest`.
    #[inline]
    pub(super) fn covers(self, newest: u64) -> bool {
        newest < self.0 >> Self::COUNT_AT
    }

    #[inline]
    pub(super) fn until(self) -> Until {
        Until(self.0 & (Self::TAGGED - 1))
    }
}

impl Until {
    /// The end of an entry that has none.
    pub(super) const NEVER: Self = Self(Reading::TAGGED - 1);
    /// How many bits of nanoseconds are left out.
    const COARSE: u32 = 26;

    fn at_most(moment: Moment) -> Self {
        if moment == NEVER {
            return Self::NEVER;
        }
        Self((moment >> Self::COARSE).min(Self::NEVER.0 - 1))
    }

    /// Whether `now` is before it.
    #[inline]
    pub(super) fn is_after(self, now: Moment) -> bool {
        now >> Self::COARSE < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Origin, Times};
    use proptest::prelude::*;

    fn pass(change: u64, fresh_until: Moment) -> Pass {
        let times = Times { fresh_until, refresh_until: fresh_until, fallback_until: 0 };
        let origin = Origin::new(None, 0, false, false);
        Pass::of(&Life::new(change, 0, Vec::new(), Vec::new(), times, origin))
    }

    /// Numbers near the ends of the fields as well as anywhere.
    fn numbers() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), 0_u64..4, (0_u64..4).prop_map(|near| u64::from(u32::MAX) - 2 + near)]
    }

    proptest! {
        #[test]
        fn a_pass_never_covers_what_the_entry_was_not_checked_against(change in numbers(), newest in numbers()) {
            prop_assert!(!pass(change, NEVER).read().covers(newest) || newest <= change);
        }

        #[test]
        fn a_pass_never_outlives_the_entry(fresh_until in 0..NEVER, now in any::<u64>()) {
            let until = pass(0, fresh_until).read().until();
            prop_assert!(until != Until::NEVER);
            prop_assert!(!until.is_after(now) || now < fresh_until);
        }
    }

    #[test]
    fn it_covers_what_it_was_checked_against() {
        let pass = pass(7, NEVER);
        let first = pass.read();
        assert!(first.covers(7) && !first.covers(8));
        pass.checked(first, 9);
        assert!(pass.read().covers(9) && !pass.read().covers(10));
        assert_eq!(pass.read().until(), Until::NEVER);
    }

    #[test]
    fn a_revoked_pass_is_not_restored_by_who_read_it_before() {
        let pass = pass(0, NEVER);
        let before = pass.read();
        pass.revoke();
        pass.checked(before, 3);
        assert!(!pass.read().covers(0));
    }
}
