//! From what a request asked to what it asked too often.

mod reads;
mod repeats;
mod writes;

use crate::Confidence;

use super::{
    repetition::{Fix, Pattern, Repetition, Source},
    seen::{Call, Group, Seen},
    settings::NPlusOneConfig,
    shape::{Shape, Verb},
};
use forebay_pool::Mark;
use forebay_sql::normalize;
use std::{collections::HashSet, sync::Arc, time::Duration};

/// Everything a request asked for again and again, in the order in which it began to.
pub(super) fn judge(seen: &Seen, settings: &NPlusOneConfig) -> Vec<Repetition> {
    let least = settings.calls_min.min(settings.writes_min).max(2);
    let often = seen.groups.iter().enumerate().filter(|(_, group)| group.calls >= least);
    often.filter_map(|(at, _)| group(seen, at, settings)).collect()
}

fn group(seen: &Seen, at: usize, settings: &NPlusOneConfig) -> Option<Repetition> {
    let group = &seen.groups[at];
    let calls = seen.calls_of(at);
    // Without values nothing but the answer can be the same again, and there is none worth keeping.
    let is_bare =
        |call: &&Call| Arc::ptr_eq(&call.text, &group.text) && call.bound.as_ref().is_some_and(Vec::is_empty);
    if calls.iter().all(is_bare) && !group.text.reads_a_relation() {
        return None;
    }
    let shape = Shape::of(&group.text.sql)?;
    // Where one call has more values than another, it has many at once already.
    let values = |call: &&Call| shape.values(call.bound.as_deref()?, &call.text.literals);
    let values = calls.iter().map(values).collect::<Option<Vec<_>>>()?;
    let watched = Watched { seen, at, group, shape: &shape, calls: &calls, values: &values, settings };
    match shape.verb {
        Verb::Select => reads::judge(&watched),
        Verb::Insert | Verb::Update | Verb::Delete => writes::judge(&watched),
        Verb::Other => None,
    }
}

/// One statement of one line that was asked more than once.
struct Watched<'a> {
    seen: &'a Seen,
    at: usize,
    group: &'a Group,
    shape: &'a Shape<'a>,
    calls: &'a [&'a Call],
    /// By call, then by site.
    values: &'a [Vec<Option<Mark>>],
    settings: &'a NPlusOneConfig,
}

impl Watched<'_> {
    /// The sites whose value is not always the same.
    fn changing(&self) -> Vec<usize> {
        let sites = 0..self.shape.sites.len();
        sites.filter(|&site| self.values.windows(2).any(|pair| pair[0][site] != pair[1][site])).collect()
    }

    /// How many different sets of values there were.
    fn different(&self) -> usize {
        self.values.iter().collect::<HashSet<_>>().len()
    }

    /// The most that were under way at the same time.
    fn at_once(&self) -> usize {
        let under_way = |call: &&Call| {
            self.calls.iter().filter(|other| other.start <= call.start && other.overlaps(call)).count()
        };
        self.calls.iter().map(|call| under_way(call).max(1)).max().unwrap_or(1)
    }

    /// What so many calls fewer would have saved, by the shortest round trip.
    fn saved(&self, fewer: usize) -> Duration {
        let shortest = self.calls.iter().map(|call| call.round_trip).min().unwrap_or_default();
        let waits = fewer.div_ceil(self.at_once());
        shortest * u32::try_from(waits).unwrap_or(u32::MAX)
    }

    fn repetition(&self, pattern: Pattern, fewer: usize, fix: Fix, confidence: Confidence) -> Repetition {
        let saved = self.saved(fewer);
        Repetition {
            pattern,
            fingerprint: self.group.text.fingerprint,
            statement: normalize(&self.group.text.sql),
            place: self.group.place.to_string(),
            calls: self.calls.len(),
            at_once: self.at_once(),
            source: None,
            fix,
            saved,
            requests: 1,
            saved_in_all: saved,
            confidence,
        }
    }

    fn source(&self, group: usize, columns: Vec<usize>) -> Source {
        let parent = &self.seen.groups[group];
        let name = |column: usize| parent.columns.get(column).map(ToString::to_string);
        Source {
            fingerprint: parent.text.fingerprint,
            statement: normalize(&parent.text.sql),
            place: parent.place.to_string(),
            columns: columns.into_iter().filter_map(name).collect(),
        }
    }
}
