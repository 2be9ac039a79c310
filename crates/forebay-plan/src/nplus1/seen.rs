//! What one request asked for, within bounds.

use super::{settings::NPlusOneConfig, text::Text};
use forebay_pool::Mark;
use std::{panic::Location, sync::Arc, time::Duration};

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
    /// As it was first asked.
    pub(super) text: Arc<Text>,
    /// Of its result, once it had a row.
    pub(super) columns: Arc<[Box<str>]>,
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
    /// As it was asked this time.
    pub(super) text: Arc<Text>,
    /// Column after column, each with as many rows as there was room for.
    pub(super) values: Vec<Option<Mark>>,
    pub(super) rows_kept: usize,
}

impl Seen {
    /// The group of a statement, if there is room for one more call.
    pub(super) fn group(
        &mut self,
        place: &'static Location<'static>,
        text: &Arc<Text>,
        settings: &NPlusOneConfig,
    ) -> Option<usize> {
        if self.calls.len() >= settings.statements_max {
            self.beyond += 1;
            return None;
        }
        let is_it = |group: &Group| {
            // One line may have several statics.
            group.text.fingerprint == text.fingerprint
                && (std::ptr::eq(group.place, place) || group.place == place)
        };
        // From the end: a loop asks for what was asked for last.
        let found = self.groups.iter().rposition(is_it);
        let at = found.unwrap_or_else(|| {
            self.groups.push(Group {
                place,
                text: Arc::clone(text),
                columns: Arc::default(),
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
    /// The values of one column; none behind the last.
    pub(super) fn column(&self, column: usize) -> &[Option<Mark>] {
        self.values.get(column * self.rows_kept..(column + 1) * self.rows_kept).unwrap_or_default()
    }

    /// How many columns have values.
    pub(super) fn columns(&self) -> usize {
        self.values.len().checked_div(self.rows_kept).unwrap_or(0)
    }

    /// Whether another began while this one was clearly under way: times are taken a little after they happen.
    pub(super) fn overlaps(&self, later: &Self) -> bool {
        let tolerance = later.end.saturating_sub(later.start) / 4;
        later.start + tolerance < self.end
    }

    /// Whether both had the same answer, as far as it was kept.
    pub(super) fn same_answer(&self, other: &Self) -> bool {
        self.rows == other.rows && self.values == other.values
    }
}
