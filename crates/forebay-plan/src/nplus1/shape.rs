//! What the values of a statement are for.

use crate::words::Words;
use forebay_sql::{Keyword, TokenKind};

/// The command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    Other,
}

/// What a value decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// `column = value`.
    Equal {
        column: String,
    },
    /// An element of `IN (…)`.
    List,
    /// `= ANY (value)`: many values already.
    Many,
    /// `column < value` and the like: where a page or a period begins.
    Range,
    /// `LIMIT` and `OFFSET`.
    Window,
    /// What is written: of `VALUES` and `SET`.
    Written,
    Other,
}

/// One value: a parameter, or one that is written into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    /// The word.
    pub(super) at: usize,
    /// `$1` is 0.
    pub(super) parameter: Option<usize>,
    pub(super) role: Role,
}

/// A statement with its values.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) words: Words<'a>,
    pub(super) verb: Verb,
    pub(super) sites: Vec<Site>,
}

impl<'a> Shape<'a> {
    /// `None` for what is not one statement that is understood.
    pub(super) fn of(sql: &'a str) -> Option<Self> {
        let words = Words::of(sql)?;
        let verb = verb(&words);
        let sites = (0..words.len()).filter_map(|at| site(&words, verb, at)).collect();
        Some(Self { words, verb, sites })
    }

    /// The value at each site, from those bound and those written into the text, in its order.
    pub(super) fn values<T: Copy>(
        &self,
        bound: &[Option<T>],
        written: &[Option<T>],
    ) -> Option<Vec<Option<T>>> {
        let mut written = written.iter();
        let value = |site: &Site| match site.parameter {
            Some(number) => bound.get(number).copied(),
            None => written.next().copied(),
        };
        let values = self.sites.iter().map(value).collect::<Option<Vec<_>>>()?;
        written.next().is_none().then_some(values)
    }

    /// How often a parameter stands in the text.
    pub(super) fn uses(&self, parameter: usize) -> usize {
        self.sites.iter().filter(|site| site.parameter == Some(parameter)).count()
    }
}

fn verb(words: &Words<'_>) -> Verb {
    let Some(TokenKind::Keyword(first)) = words.kind(0) else { return Verb::Other };
    match first {
        Keyword::Select => Verb::Select,
        Keyword::Insert => Verb::Insert,
        Keyword::Update => Verb::Update,
        Keyword::Delete => Verb::Delete,
        // What comes behind the common tables.
        Keyword::With => {
            let of = [Keyword::Select, Keyword::Insert, Keyword::Update, Keyword::Delete];
            match words.outside(1, &of) {
                Some(at) if words.is(at, Keyword::Select) => Verb::Select,
                _ => Verb::Other,
            }
        }
        _ => Verb::Other,
    }
}

fn site(words: &Words<'_>, verb: Verb, at: usize) -> Option<Site> {
    let parameter = match words.kind(at)? {
        TokenKind::Parameter => Some(words.text(at)[1..].parse::<usize>().ok()?.checked_sub(1)?),
        TokenKind::Number | TokenKind::String | TokenKind::BitString => None,
        _ => return None,
    };
    Some(Site { at, parameter, role: role(words, verb, at) })
}

/// The word before the value and its sign or cast.
fn role(words: &Words<'_>, verb: Verb, at: usize) -> Role {
    let Some(before) = at.checked_sub(1) else { return Role::Other };
    if words.is_any(before, &[Keyword::Limit, Keyword::Offset, Keyword::First, Keyword::Next]) {
        return Role::Window;
    }
    if words.is_operator(before, "=") {
        return match before.checked_sub(1).and_then(|last| words.name(last)) {
            Some(_) if is_assignment(words, verb, before) => Role::Written,
            Some(column) => Role::Equal { column },
            None => Role::Other,
        };
    }
    if is_comparison(words, before) || words.is(before, Keyword::Between) {
        return Role::Range;
    }
    if words.is(before, Keyword::And) && ends_between(words, before) {
        return Role::Range;
    }
    if words.is_operator(at + 1, "=") && words.name(at + 2).is_some() {
        let last = last_of_name(words, at + 2);
        return words.name(last).map_or(Role::Other, |column| Role::Equal { column });
    }
    in_parenthesis(words, verb, at)
}

fn in_parenthesis(words: &Words<'_>, verb: Verb, at: usize) -> Role {
    if verb == Verb::Update && is_assigned_row(words, at) {
        return Role::Written;
    }
    let Some(open) = words.opened_by(at) else { return Role::Other };
    let Some(before) = open.checked_sub(1) else { return Role::Other };
    if words.is(before, Keyword::In) {
        return Role::List;
    }
    if words.is_any(before, &[Keyword::Any, Keyword::Some, Keyword::All]) {
        return Role::Many;
    }
    if is_comparison(words, before) {
        return Role::Range;
    }
    let values = words.outside(0, &[Keyword::Values]);
    if verb == Verb::Insert && values.is_some_and(|values| values < at) {
        return Role::Written;
    }
    Role::Other
}

/// Whether the `=` there assigns: between `SET` and `WHERE`.
fn is_assignment(words: &Words<'_>, verb: Verb, at: usize) -> bool {
    if !matches!(verb, Verb::Update | Verb::Insert) {
        return false;
    }
    let Some(set) = words.outside(0, &[Keyword::Set]) else { return false };
    let end = words.outside(set, &[Keyword::Where, Keyword::From, Keyword::Returning]);
    set < at && end.is_none_or(|end| at < end)
}

/// Whether a value is part of what `SET` assigns.
fn is_assigned_row(words: &Words<'_>, at: usize) -> bool {
    is_assignment(words, Verb::Update, at)
}

fn is_comparison(words: &Words<'_>, at: usize) -> bool {
    ["<", ">", "<=", ">="].iter().any(|operator| words.is_operator(at, operator))
}

/// Whether the `AND` there belongs to a `BETWEEN`.
fn ends_between(words: &Words<'_>, and: usize) -> bool {
    let depth = words.depth(and);
    let before = (0..and).rev().filter(|&at| words.depth(at) == depth);
    let found =
        before.into_iter().find(|&at| words.is_any(at, &[Keyword::Between, Keyword::And, Keyword::Where]));
    found.is_some_and(|at| words.is(at, Keyword::Between))
}

fn last_of_name(words: &Words<'_>, first: usize) -> usize {
    let mut last = first;
    while words.kind(last + 1) == Some(TokenKind::Dot) && words.name(last + 2).is_some() {
        last += 2;
    }
    last
}
