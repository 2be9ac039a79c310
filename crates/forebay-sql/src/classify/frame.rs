//! What is remembered of each open parenthesis.

use crate::keyword::Keyword;
use crate::token::TokenKind;

/// Where a `WITH` list stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum With {
    /// Outside of one.
    #[default]
    None,
    /// The next word names a query.
    Name,
    /// The name was read; columns or `AS` follow.
    Named,
    /// `AS` was read; the query in parentheses follows.
    As,
    /// The query was just read; a comma, `SEARCH`, `CYCLE` or the statement follows.
    Body,
    /// Inside `SEARCH` or `CYCLE`, whose column lists have commas of their own.
    Search,
    /// Behind the `SET` that ends those column lists.
    Tail,
}

/// What an open parenthesis is for, where that matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    #[default]
    Any,
    /// `OPERATOR(schema.name)`: what follows it begins an operand.
    Operator,
    /// `DISTINCT ON (…)`: what follows it begins an expression.
    DistinctOn,
    /// `GROUPING SETS (…)`, where `ROLLUP` and `CUBE` are no functions.
    Grouping,
}

/// The state inside one pair of parentheses, or of the statement itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) with: With,
    pub(super) purpose: Purpose,
    /// Inside the expressions of `GROUP BY`.
    pub(super) grouping: bool,
}

impl Frame {
    /// Move the `WITH` list on by a token of this frame.
    pub(super) fn step(&mut self, kind: TokenKind) {
        self.with = match (self.with, kind) {
            (With::None, _) => return,
            (With::Name, TokenKind::Keyword(Keyword::Recursive)) => With::Name,
            (With::Name, _) => With::Named,
            (With::Named, TokenKind::Keyword(Keyword::As)) => With::As,
            (With::Body | With::Tail, TokenKind::Comma) => With::Name,
            (With::Body | With::Tail, TokenKind::Keyword(Keyword::Search | Keyword::Cycle)) => With::Search,
            (With::Search, TokenKind::Keyword(Keyword::Set)) => With::Tail,
            (With::Body, _) => With::None,
            (With::Tail, TokenKind::Open) => With::None,
            (With::Tail, TokenKind::Keyword(Keyword::Select | Keyword::Values | Keyword::Table)) => {
                With::None
            }
            (with, _) => with,
        };
    }

    pub(super) const fn of(purpose: Purpose) -> Self {
        Self { with: With::None, purpose, grouping: matches!(purpose, Purpose::Grouping) }
    }
}
