//! How far behind a replica is, measured with one clock.

use forebay_scope::Position;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// When the primary's log first reached which position, by this process's monotonic clock.
///
/// A replica's lag is the age of the first point it has not replayed: no server's clock takes part, and an idle
/// primary (whose log does not move) leaves nobody behind. The error is at most the time between two samples.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<VecDeque<Point>>);

#[derive(Debug, Clone, Copy)]
struct Point {
    at: Position,
    since: Instant,
}

impl Log {
    /// Points kept: at the default interval about four minutes of a busy primary. A replica behind all of them
    /// has the oldest one's age, which is far beyond any useful bound.
    const POINTS_MAX: usize = 1024;

    /// The primary's log stands at `at`.
    pub(crate) fn reached(&self, at: Position, now: Instant) {
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match points.back() {
            Some(last) if last.at == at => return,
            // Another timeline or system is another log: ages of the old one mean nothing for it.
            Some(last) if last.at.timeline != at.timeline || last.at.system != at.system => points.clear(),
            // Two samples may arrive out of order.
            Some(last) if last.at.lsn > at.lsn => return,
            _ => {}
        }
        if points.len() == Self::POINTS_MAX {
            points.pop_front();
        }
        points.push_back(Point { at, since: now });
    }

    /// Whether a server at `there` follows another log than the primary's: another system's, or that of a
    /// timeline which the primary has left.
    pub(crate) fn has_left(&self, there: Position) -> bool {
        let points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        points.back().is_some_and(|last| last.at.system != there.system || last.at.timeline > there.timeline)
    }

    /// How far behind a replica is that has replayed up to `replayed`; `None` when nothing is known of the
    /// primary's log, or the replica follows another timeline.
    pub(crate) fn lag_of(&self, replayed: Position, now: Instant) -> Option<Duration> {
        let points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = points.back()?;
        if last.at.timeline != replayed.timeline || last.at.system != replayed.system {
            return None;
        }
        let first_missing = points.partition_point(|point| point.at.lsn <= replayed.lsn);
        Some(
            points
                .get(first_missing)
                .map_or(Duration::ZERO, |point| now.saturating_duration_since(point.since)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Log;
    use forebay_scope::Position;
    use std::time::{Duration, Instant};

    fn at(lsn: u64) -> Position {
        Position { system: 1, timeline: 1, lsn }
    }

    #[test]
    fn lag_is_the_age_of_the_first_point_not_replayed() {
        let (log, start) = (Log::default(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(log.lag_of(at(10), start), None);
        log.reached(at(10), start);
        log.reached(at(20), later(1));
        log.reached(at(30), later(5));
        assert_eq!(log.lag_of(at(30), later(9)), Some(Duration::ZERO));
        assert_eq!(log.lag_of(at(20), later(9)), Some(Duration::from_secs(4)));
        assert_eq!(log.lag_of(at(5), later(9)), Some(Duration::from_secs(9)));
    }

    #[test]
    fn an_idle_primary_leaves_nobody_behind() {
        let (log, start) = (Log::default(), Instant::now());
        log.reached(at(10), start);
        for second in 1..3600 {
            log.reached(at(10), start + Duration::from_secs(second));
        }
        assert_eq!(log.lag_of(at(10), start + Duration::from_secs(3600)), Some(Duration::ZERO));
        // The first write after the idle hour is as old as itself.
        log.reached(at(11), start + Duration::from_secs(3601));
        assert_eq!(log.lag_of(at(10), start + Duration::from_secs(3602)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn another_timeline_has_no_lag_but_an_unknown_one() {
        let (log, start) = (Log::default(), Instant::now());
        log.reached(at(10), start);
        log.reached(Position { timeline: 2, ..at(9) }, start);
        assert_eq!(log.lag_of(at(10), start), None);
    }
}
