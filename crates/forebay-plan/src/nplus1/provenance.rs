//! Whether the values that a statement was asked with came out of an earlier result.

use super::{
    names::{self, Affinity},
    seen::{Call, Seen},
};
use forebay_pool::Mark;
use std::{collections::HashMap, time::Duration};

/// The column that values came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) group: usize,
    pub(super) column: usize,
    pub(super) certain: bool,
}

/// The values that one place in a statement had, call by call.
pub(super) struct Asked<'a> {
    pub(super) calls: &'a [&'a Call],
    pub(super) values: Vec<Option<Mark>>,
    /// The column they are compared with, if it is by `=`.
    pub(super) column: Option<&'a str>,
    /// The child's text.
    pub(super) text: &'a str,
}

/// The values of one column of all answers of one statement.
struct Column {
    /// When each was first there, and as how many different ones.
    known: HashMap<Mark, (Duration, usize)>,
}

impl Column {
    fn of(calls: &[&Call], column: usize) -> Self {
        let mut known = HashMap::new();
        for call in calls {
            for mark in call.column(column).iter().flatten() {
                let place = known.len();
                known.entry(*mark).or_insert((call.end, place));
            }
        }
        Self { known }
    }

    fn had(&self, mark: Mark, by: Duration) -> Option<usize> {
        // A call is taken to begin a little late.
        self.known
            .get(&mark)
            .filter(|(at, _)| *at <= by + Duration::from_micros(200))
            .map(|(_, place)| *place)
    }
}

/// Where the values came from; the nearest statement that fits best.
pub(super) fn origin(seen: &Seen, asked: &Asked<'_>) -> Option<Origin> {
    let mut best: Option<(Strength, Origin)> = None;
    for (group, parent) in seen.groups.iter().enumerate().rev() {
        let calls = seen.calls_of(group);
        for (column, name) in parent.columns.iter().enumerate() {
            if !begins_with(&calls, column, asked) {
                continue;
            }
            let strength = strength(&Column::of(&calls, column), asked, || {
                names::affinity(asked.column, asked.text, name, &parent.text.sql)
            });
            let Some(strength) = strength else { continue };
            if best.as_ref().is_none_or(|(known, _)| strength > *known) {
                best = Some((strength, Origin { group, column, certain: strength.certain }));
            }
        }
    }
    best.map(|(_, origin)| origin)
}

/// Whether a column has the first value at all: most have not.
fn begins_with(calls: &[&Call], column: usize, asked: &Asked<'_>) -> bool {
    let Some(first) = asked.values.iter().flatten().next() else { return false };
    calls.iter().any(|call| call.column(column).contains(&Some(*first)))
}

/// How much speaks for a column; the greater the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Strength {
    certain: bool,
    affinity: Affinity,
    all: bool,
    in_order: bool,
}

fn strength(column: &Column, asked: &Asked<'_>, affinity: impl FnOnce() -> Affinity) -> Option<Strength> {
    let mut places = Vec::with_capacity(asked.values.len());
    let mut telling = 0_usize;
    let mut different = HashMap::new();
    for (call, value) in asked.calls.iter().zip(&asked.values) {
        let value = (*value)?;
        let place = column.had(value, call.start)?;
        if different.insert(value, ()).is_none() {
            places.push(place);
            telling += usize::from(value.is_telling());
        }
    }
    let in_order = places.is_sorted();
    let (found, known) = (different.len(), column.known.len());
    let affinity = affinity();
    let all = found == known;
    let most = found * 2 >= known;
    let at_once = asked.calls.windows(2).any(|pair| pair[0].overlaps(pair[1]));
    let ordered = in_order || (at_once && all);
    let certain = if telling >= 2 {
        true
    } else {
        match affinity {
            Affinity::Same if ordered && (most || found >= 3) => true,
            // Tasks of their own come to run in any order, on a busy machine one after the other.
            Affinity::Same if all && found >= 4 => true,
            Affinity::Keys if ordered && all => false,
            _ => return None,
        }
    };
    Some(Strength { certain, affinity, all, in_order })
}

impl Asked<'_> {
    /// Whether each value came out of one column of the answer to the call before: a step leads to the next.
    pub(super) fn is_chain(&self) -> bool {
        let Some(first) = self.calls.first() else { return false };
        let leads = |column: usize| {
            self.calls
                .windows(2)
                .zip(self.values.iter().skip(1))
                .all(|(pair, value)| value.is_some() && pair[0].column(column).contains(value))
        };
        (0..first.columns()).any(leads)
    }
}
