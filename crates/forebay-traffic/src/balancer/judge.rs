use super::{
    BalancerConfig,
    member::State,
    outliers::{Outlier, by_severity, lower_median, outlier},
    standing::{Course, Event, Standing, Verdict},
    tally::Outcomes,
};
use crate::clock::nanos;

/// Compares the members with each other. One thread at a time does so, behind a lock.
#[derive(Debug)]
pub(super) struct Judge {
    /// When it last judged, in nanoseconds of the balancer's clock.
    at: u64,
    memory: Vec<Outcomes>,
    pub(super) courses: Vec<Course>,
    /// Room for one judgement, made once: what is known of each member that may be compared with, what is found,
    /// and figures to take a median of.
    known: Vec<Option<Outcomes>>,
    found: Vec<Option<Outlier>>,
    figures: Vec<f64>,
}

impl Judge {
    pub(super) fn new(members: usize) -> Self {
        Self {
            at: 0,
            memory: vec![Outcomes::default(); members],
            courses: vec![Course::new(); members],
            known: Vec::with_capacity(members),
            found: Vec::with_capacity(members),
            figures: Vec::with_capacity(members),
        }
    }

    /// One judgement: settles what was counted since the last, and lets the members' standings go on.
    pub(super) fn judge(&mut self, members: &[State], now: u64, config: &BalancerConfig) {
        let elapsed = now.saturating_sub(self.at);
        self.at = now;
        let kept = (-(elapsed as f64) / nanos(config.outcome_memory) as f64).exp();
        for (member, memory) in members.iter().zip(&mut self.memory) {
            member.tally.settle(memory, kept);
        }
        self.find_outliers(config);
        self.pardon_all_but_the_worst(config);
        for (index, member) in members.iter().enumerate() {
            let found = self.found[index];
            let verdict = if found.is_some() { Verdict::StandsOut } else { Verdict::Fits };
            let course = &mut self.courses[index];
            match (course.step(verdict, now, elapsed, config), found) {
                (Event::Released, _) => {
                    self.memory[index] = Outcomes::default();
                    member.tally.tell(&self.memory[index]);
                }
                (Event::Ejected, Some(found)) => member.measure.ejected(found.by),
                _ => {}
            }
            member.set_share(course.share);
        }
    }

    fn find_outliers(&mut self, config: &BalancerConfig) {
        self.known.clear();
        let known = self.memory.iter().zip(&self.courses);
        self.known
            .extend(known.map(|(memory, course)| (course.standing != Standing::Ejected).then_some(*memory)));
        self.found.clear();
        for index in 0..self.known.len() {
            self.found.push(outlier(index, &self.known, config, &mut self.figures));
        }
    }

    /// Of those that were whole until now only the worst leave, as many as there is room for.
    fn pardon_all_but_the_worst(&mut self, config: &BalancerConfig) {
        let away = self.courses.iter().filter(|course| !course.is_whole()).count();
        let room = config.ejected_most(self.courses.len()).saturating_sub(away);
        let new = |(found, course): &(&Option<Outlier>, &Course)| course.is_whole() && found.is_some();
        let surplus = self.found.iter().zip(&self.courses).filter(new).count().saturating_sub(room);
        for _ in 0..surplus {
            let of = self.found.iter_mut().zip(&self.courses).filter(|(_, course)| course.is_whole());
            let mildest = of.filter_map(|(found, _)| found.map(|outlier| (outlier, found)));
            if let Some((_, found)) = mildest.min_by(|(a, _), (b, _)| by_severity(a, b)) {
                *found = None;
            }
        }
    }

    /// What an answer takes at the median of the members of which any answer is remembered, in nanoseconds.
    pub(super) fn typical_latency(&mut self, latency_of: impl Fn(usize) -> f32) -> Option<f64> {
        self.figures.clear();
        let answered = self.memory.iter().enumerate().filter(|(_, memory)| memory.answers >= 1.0);
        self.figures.extend(answered.map(|(index, _)| f64::from(latency_of(index))));
        lower_median(&mut self.figures)
    }
}
