//! Which server takes the writes.

/// A server that is no standby, as far as it was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Writable {
    pub(crate) server: usize,
    pub(crate) timeline: u32,
    /// Answers, or did until a moment ago: two that answer by turns are still two.
    pub(crate) answers: bool,
}

/// Who takes the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leader {
    /// This server.
    Server(usize),
    /// Nobody: two servers of one timeline would, and what one takes the other never gets.
    Nobody {
        /// One of them.
        one: usize,
        /// And another.
        other: usize,
    },
}

/// Who takes the writes from now on, given who did on which timeline.
///
/// A promotion begins a higher timeline, so the highest wins, and an old primary that comes back is not asked again:
/// `reached` is the highest that ever took writes. Where nobody is on it, `now` stays: it may come back, and nobody
/// else has what it took.
pub(crate) fn elect(now: Leader, reached: u32, writable: &[Writable]) -> (Leader, u32) {
    let highest = writable.iter().map(|server| server.timeline).fold(reached, u32::max);
    let mut top = writable.iter().filter(|server| server.timeline == highest && server.answers);
    let leader = match (top.next(), top.next()) {
        (Some(one), Some(other)) => Leader::Nobody { one: one.server, other: other.server },
        (Some(only), None) => Leader::Server(only.server),
        (None, _) => now,
    };
    (leader, highest)
}

#[cfg(test)]
mod tests {
    use super::{Leader, Writable, elect};

    fn on(server: usize, timeline: u32) -> Writable {
        Writable { server, timeline, answers: true }
    }

    fn silent(server: usize, timeline: u32) -> Writable {
        Writable { answers: false, ..on(server, timeline) }
    }

    #[test]
    fn the_highest_timeline_wins_whoever_else_is_writable() {
        assert_eq!(elect(Leader::Server(0), 1, &[on(0, 1)]), (Leader::Server(0), 1));
        assert_eq!(elect(Leader::Server(0), 1, &[on(0, 1), on(2, 2)]), (Leader::Server(2), 2));
        assert_eq!(elect(Leader::Server(0), 1, &[on(0, 2), on(2, 3), on(1, 2)]), (Leader::Server(2), 3));
    }

    #[test]
    fn an_old_primary_does_not_take_over_from_one_that_is_silent() {
        assert_eq!(elect(Leader::Server(2), 2, &[on(0, 1)]), (Leader::Server(2), 2));
        assert_eq!(elect(Leader::Server(2), 2, &[on(0, 1), silent(2, 2)]), (Leader::Server(2), 2));
        assert_eq!(elect(Leader::Server(2), 2, &[]), (Leader::Server(2), 2));
    }

    #[test]
    fn two_of_one_timeline_are_nobody_until_one_is_left() {
        let split = Leader::Nobody { one: 1, other: 2 };
        assert_eq!(elect(Leader::Server(0), 1, &[on(1, 2), on(2, 2)]), (split, 2));
        assert_eq!(elect(split, 2, &[]), (split, 2));
        assert_eq!(elect(split, 2, &[on(0, 1), on(1, 2)]), (Leader::Server(1), 2));
        assert_eq!(elect(split, 2, &[on(1, 2), silent(2, 2)]), (Leader::Server(1), 2));
    }
}
