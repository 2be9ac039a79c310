//! What one request asked for, within bounds.

use super::settings::NPlusOneConfig;
use forebay_pool::Mark;
use forebay_sql::{Fingerprint, Kind};
use std::{panic::Location, time::Duration};

/// What is known of the statements of one request.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) groups: Vec<Group>,
    /// In the order of their ends.
    pub(super) calls: Vec<Call>,
    /// Marks of returned values that were kept.
    values: usize,
    /// Not noted, because there were too many.
    pub(super) beyond: u64,
}

/// One statement of one line of the program.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) place: &'static Location<'static>,
    pub(super) fingerprint: Fingerprint,
    pub(super) kind: Kind,
    /// As it was first asked.
    pub(super) text: Box<str>,
    /// Of its result, once it had a row.
    pub(super) columns: Vec<Box<str>>,
    /// The names of its parameters' types, once it was asked twice.
    pub(super) types: Option<Vec<String>>,
    pub(super) calls: usize,
}

/// One answered statement; times are since the request was first seen.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) group: usize,
    pub(super) start: Duration,
    pub(super) end: Duration,
    pub(super) round_trip: Duration,
    pub(super) rows: u64,
    /// `None` where they cannot be told.
    pub(super) bound: Option<Vec<Option<Mark>>>,
    /// Written into the text.
    pub(super) written: Vec<Option<Mark>>,
    /// By column, as far as there was room.
    pub(super) columns: Vec<Vec<Option<Mark>>>,
}

/// What names a statement of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) place: &'static Location<'static>,
    pub(super) fingerprint: Fingerprint,
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl Seen {
    /// The group of a statement, if there is room for one more call.
    pub(super) fn group(&mut self, named: Named<'_>, settings: &NPlusOneConfig) -> Option<usize> {
        if self.calls.len() >= settings.statements_max {
            self.beyond += 1;
            return None;
        }
        let is_it = |group: &Group| group.fingerprint == named.fingerprint && group.place == named.place;
        // From the end: a loop asks for what was asked for last.
        let found = self.groups.iter().rposition(is_it);
        let at = found.unwrap_or_else(|| {
            self.groups.push(Group {
                place: named.place,
                fingerprint: named.fingerprint,
                kind: named.kind,
                text: named.text.into(),
                columns: Vec::new(),
                types: None,
                calls: 0,
            });
            self.groups.len() - 1
        });
        self.groups[at].calls += 1;
        Some(at)
    }

    /// How many rows of so many columns there is still room for.
    pub(super) fn room(&mut self, rows: usize, columns: usize, settings: &NPlusOneConfig) -> usize {
        let left = settings.values_max.saturating_sub(self.values);
        let rows = left.checked_div(columns).map_or(0, |most| most.min(rows));
        self.values += rows * columns;
        rows
    }

    /// The answered calls of a group, in the order in which they began.
    pub(super) fn calls_of(&self, group: usize) -> Vec<&Call> {
        let mut calls: Vec<&Call> = self.calls.iter().filter(|call| call.group == group).collect();
        calls.sort_by_key(|call| call.start);
        calls
    }

    /// The calls that began between two times.
    pub(super) fn between(&self, from: Duration, to: Duration) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.start >= from && call.end <= to)
    }
}

impl Call {
    /// Whether another began while this one was clearly under way: times are taken a little after they happen.
    pub(super) fn overlaps(&self, later: &Self) -> bool {
        let tolerance = later.end.saturating_sub(later.start) / 4;
        later.start + tolerance < self.end
    }

    /// Whether both had the same answer, as far as it was kept.
    pub(super) fn same_answer(&self, other: &Self) -> bool {
        self.rows == other.rows && self.columns == other.columns
    }
}
