//! The clauses of a `SELECT`.

use crate::words::Words;
use forebay_sql::{Keyword, TokenKind};
use std::ops::Range;

/// One `SELECT` without `WITH` and set operations, by the clauses outside of its parentheses.
pub(super) struct Query<'a> {
    pub(super) words: &'a Words<'a>,
    pub(super) from: Option<usize>,
    pub(super) condition: Option<usize>,
}

const BEHIND_FROM: [Keyword; 10] = [
    Keyword::Where,
    Keyword::Group,
    Keyword::Having,
    Keyword::Window,
    Keyword::Order,
    Keyword::Limit,
    Keyword::Offset,
    Keyword::Fetch,
    Keyword::For,
    Keyword::Into,
];

impl<'a> Query<'a> {
    pub(super) fn of(words: &'a Words<'a>) -> Option<Self> {
        let others = [Keyword::Union, Keyword::Intersect, Keyword::Except];
        if !words.is(0, Keyword::Select) || words.outside(0, &others).is_some() {
            return None;
        }
        let from = words.outside(1, &[Keyword::From]);
        let condition = from.and_then(|from| words.outside(from, &[Keyword::Where]));
        Some(Self { words, from, condition })
    }

    /// The words of the select list.
    pub(super) fn list(&self) -> Range<usize> {
        1..self.from.unwrap_or(self.words.len())
    }

    /// The words between `FROM` and what follows.
    pub(super) fn relations(&self) -> Range<usize> {
        let Some(from) = self.from else { return 0..0 };
        from + 1..self.words.outside(from, &BEHIND_FROM).unwrap_or(self.words.len())
    }

    /// The words of `WHERE`.
    pub(super) fn conditions(&self) -> Range<usize> {
        let Some(condition) = self.condition else { return 0..0 };
        condition + 1..self.words.outside(condition, &BEHIND_FROM[1..]).unwrap_or(self.words.len())
    }

    /// Whether a term of the conditions begins there, outside of parentheses: nothing before it belongs to it.
    pub(super) fn begins_term(&self, at: usize) -> bool {
        at == self.conditions().start || self.words.is_any(at - 1, &[Keyword::And, Keyword::Or])
    }

    /// Whether a term ends before that word, outside of parentheses.
    pub(super) fn ends_term(&self, at: usize) -> bool {
        at == self.conditions().end || self.words.is_any(at, &[Keyword::And, Keyword::Or])
    }

    pub(super) fn has(&self, keyword: Keyword) -> bool {
        self.words.outside(1, &[keyword]).is_some()
    }

    /// Whether more than one relation is read.
    pub(super) fn joins(&self) -> bool {
        self.relations().any(|at| {
            self.words.depth(at) == 0
                && (self.words.is(at, Keyword::Join) || self.words.kind(at) == Some(TokenKind::Comma))
        })
    }

    /// The (qualified) name that ends there, as it is written, and where it begins.
    pub(super) fn column(&self, last: usize) -> Option<(&'a str, usize)> {
        self.words.name(last)?;
        let first = self.words.start_of_name(last);
        Some((self.words.span(first..last + 1), first))
    }
}
