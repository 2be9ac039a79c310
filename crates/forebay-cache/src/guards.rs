//! The places where the rule is kept, by name.
//!
//! The crate's own unit tests switch one off at a time and let the history checker of `tests/history` find out. Elsewhere every
//! guard holds: [`holds`] is a constant then, and leaves nothing behind in the code. A feature or a `--cfg` would be a switch in
//! somebody's build; `cfg(test)` exists only where this crate itself is tested.

/// Something without which the rule does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// A load whose key was invalidated meanwhile is not stored.
    MemoryFence,
    /// Who comes after an invalidation of a key does not join a load from before.
    #[cfg(test)]
    OlderFlight,
    /// Who waited for a load that began before it came looks at what was invalidated since.
    Followers,
    /// The stamp is taken before anything is looked at, not when the load ends.
    StampFirst,
    /// An entry of a remote tier is held against what was invalidated since its stamp.
    Judgement,
    /// What a table forgets counts as invalidated.
    Floors,
    /// What waits for a number keeps remote tiers from being trusted.
    Queued,
    /// So does a backplane that is silent for too long.
    SilentTiers,
    /// What was invalidated before a node joined is asked for.
    Joined,
    /// An invalidation names its predecessor by a link.
    Links,
    /// A server that may have lost numbers goes on in a new epoch.
    #[cfg_attr(
        not(any(test, feature = "test-util")),
        expect(dead_code, reason = "the scripts of Redis keep it")
    )]
    Epochs,
    /// What was missed is asked for.
    Replay,
    /// A chain that was trimmed past this node makes everything suspect.
    Suspicion,
    /// A backplane that is silent for too long makes everything suspect.
    Lease,
    /// Loads ask for the positions of the writes that invalidations stand for.
    Positions,
    /// What was read from a standby that lags is not stored.
    Behind,
    /// A hard invalidation leaves no fallback.
    Hard,
}

#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn holds(_: Guard) -> bool {
    true
}

#[cfg(test)]
pub(crate) use switch::holds;

#[cfg(test)]
mod switch {
    use super::Guard;
    use std::cell::Cell;

    thread_local! {
        /// Histories run on one thread, so tests that run at the same time do not see each other's.
        static OFF: Cell<&'static [Guard]> = const { Cell::new(&[]) };
    }

    pub(crate) fn holds(guard: Guard) -> bool {
        !OFF.get().contains(&guard)
    }

    /// Runs `test` without these guards.
    pub(super) fn without<T>(guards: &'static [Guard], test: impl FnOnce() -> T) -> T {
        OFF.set(guards);
        let result = test();
        OFF.set(&[]);
        result
    }
}

#[cfg(test)]
#[path = "../tests/history/mod.rs"]
mod history;

#[cfg(test)]
mod tests {
    use super::{Guard, history::first_violation, switch::without};

    /// Without these guards some history breaks the rule, and the same one keeps it with them.
    #[track_caller]
    fn is_caught_without(guards: &'static [Guard]) {
        let caught = without(guards, || first_violation(0..HISTORIES));
        let (schedule, seen) = caught.unwrap_or_else(|| panic!("{guards:?} off, and nobody noticed"));
        assert_eq!(schedule.violation(), None, "with all guards, where without {guards:?} {seen}");
    }

    /// More than any guard needs to be missed.
    const HISTORIES: u64 = 20_000;

    macro_rules! each_is_needed {
        ($($test:ident: $($guard:ident),+;)*) => {$(
            #[test]
            fn $test() {
                is_caught_without(&[$(Guard::$guard),+]);
            }
        )*};
    }

    each_is_needed! {
        storing_a_loaded_value_and_invalidating_its_key_exclude_each_other: MemoryFence;
        nobody_joins_a_load_from_before_an_invalidation: OlderFlight;
        who_waited_for_an_older_load_looks_again: Followers;
        the_stamp_is_taken_before_the_look_up: StampFirst;
        an_entry_of_a_remote_tier_is_held_against_its_stamp: Judgement;
        what_a_table_forgets_counts_as_invalidated: Floors;
        what_waits_for_a_number_keeps_tiers_from_being_trusted: Queued;
        a_silent_backplane_keeps_tiers_from_being_trusted: SilentTiers;
        what_was_invalidated_before_a_node_joined_is_asked_for: Joined;
        an_invalidation_names_its_predecessor: Links;
        a_server_that_may_have_lost_numbers_begins_an_epoch: Epochs;
        what_was_missed_is_asked_for: Replay;
        a_trimmed_chain_makes_everything_suspect: Suspicion;
        a_silent_backplane_makes_everything_suspect: Lease;
        loads_ask_for_the_positions_of_writes: Positions;
        what_a_lagging_standby_said_is_not_stored: Behind;
        a_hard_invalidation_leaves_no_fallback: Hard;
    }
}
