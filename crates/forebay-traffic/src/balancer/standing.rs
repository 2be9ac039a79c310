use super::BalancerConfig;
use crate::clock::nanos;
use serde::Serialize;

/// How much of its traffic a member gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// All that its cost draws.
    Whole,
    /// It stands out among its peers; its share halves at each judgement that confirms it.
    Leaving,
    /// None, until its time has passed.
    Ejected,
    /// A share that grows, as long as it does not stand out again.
    Returning,
}

/// What a judgement says of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does not stand out, or too little is known.
    Fits,
    StandsOut,
}

/// What happened to a member at a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Nothing,
    Ejected,
    /// Its ejection is over: what was remembered of it is old news.
    Released,
}

/// The standing of one member over time. Times are in nanoseconds of the balancer's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub(super) standing: Standing,
    /// From 0 to 1.
    pub(super) share: f64,
    /// Since when it is whole, or until when it is ejected.
    at: u64,
    /// Ejections that count for how long the next one lasts.
    ejections: u32,
}

/// A member whose share would fall below this is ejected, and one that comes back starts here: a few calls are
/// enough to tell.
const SHARE_MIN: f64 = 0.05;

impl Course {
    pub(super) const fn new() -> Self {
        Self { standing: Standing::Whole, share: 1.0, at: 0, ejections: 0 }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.standing == Standing::Whole
    }

    /// Goes on by one judgement, `elapsed` nanoseconds after the one before.
    pub(super) fn step(
        &mut self,
        verdict: Verdict,
        now: u64,
        elapsed: u64,
        config: &BalancerConfig,
    ) -> Event {
        match (self.standing, verdict) {
            (Standing::Ejected, _) if now < self.at => Event::Nothing,
            (Standing::Ejected, _) => {
                (self.standing, self.share) = (Standing::Returning, SHARE_MIN);
                Event::Released
            }
            (_, Verdict::StandsOut) => self.shrink(now, config),
            (Standing::Whole, Verdict::Fits) => {
                if now.saturating_sub(self.at) >= nanos(config.ejection_max) {
                    self.ejections = 0;
                }
                Event::Nothing
            }
            (Standing::Leaving | Standing::Returning, Verdict::Fits) => {
                self.grow(now, elapsed as f64 / nanos(config.slow_start) as f64);
                Event::Nothing
            }
        }
    }

    fn shrink(&mut self, now: u64, config: &BalancerConfig) -> Event {
        self.share /= 2.0;
        if self.share >= SHARE_MIN {
            self.standing = Standing::Leaving;
            return Event::Nothing;
        }
        (self.standing, self.share) = (Standing::Ejected, 0.0);
        self.at = now.saturating_add(nanos(config.ejection_for(self.ejections)));
        self.ejections = self.ejections.saturating_add(1);
        Event::Ejected
    }

    fn grow(&mut self, now: u64, by: f64) {
        self.standing = Standing::Returning;
        // A long time without any judgement was one without traffic, and proves nothing.
        self.share += by.min(0.25);
        if self.share >= 1.0 {
            (self.standing, self.share, self.at) = (Standing::Whole, 1.0, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Course, Event, Standing, Verdict};
    use crate::BalancerConfig;

    const SECOND: u64 = 1_000_000_000;

    /// One judgement a second with this verdict each; the standings and shares after each.
    fn judged(course: &mut Course, now: &mut u64, verdict: Verdict, times: usize) -> Vec<(Standing, f64)> {
        let step = |_| {
            *now += SECOND;
            course.step(verdict, *now, SECOND, &BalancerConfig::default());
            (course.standing, course.share)
        };
        (0..times).map(step).collect()
    }

    #[test]
    fn it_leaves_and_comes_back_by_degrees() {
        let (mut course, mut now) = (Course::new(), 0);
        let left = judged(&mut course, &mut now, Verdict::StandsOut, 5);
        let shares: Vec<_> = left.iter().map(|&(_, share)| share).collect();
        assert_eq!(shares, [0.5, 0.25, 0.125, 0.0625, 0.0]);
        assert_eq!(left[4].0, Standing::Ejected);

        let away = judged(&mut course, &mut now, Verdict::Fits, 9);
        assert!(away.iter().all(|&(_, share)| share == 0.0), "{away:?}");
        let back = judged(&mut course, &mut now, Verdict::Fits, 11);
        assert!(back.is_sorted_by(|a, b| a.1 < b.1), "{back:?}");
        assert_eq!(back[0], (Standing::Returning, 0.05));
        assert_eq!(back[10], (Standing::Whole, 1.0));
    }

    #[test]
    fn ejections_grow_up_to_the_longest_and_are_forgotten() {
        let config = BalancerConfig::default();
        let (mut course, mut now) = (Course::new(), 0);
        let mut spans = Vec::new();
        for _ in 0..8 {
            while course.step(Verdict::StandsOut, now, SECOND, &config) != Event::Ejected {
                now += SECOND;
            }
            let from = now;
            while course.step(Verdict::StandsOut, now, SECOND, &config) != Event::Released {
                now += SECOND;
            }
            spans.push((now - from) / SECOND);
        }
        assert_eq!(spans, [10, 20, 40, 80, 160, 300, 300, 300]);
        judged(&mut course, &mut now, Verdict::Fits, 11 + 300);
        assert_eq!(course.ejections, 0);
    }
}
