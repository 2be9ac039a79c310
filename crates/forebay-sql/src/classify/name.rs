//! A name in the text, with PostgreSQL's rule for comparing it.

use crate::token::{Token, TokenKind};

/// A name without its quotes. Unquoted names are compared in any case, quoted ones exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    pub(super) quoted: bool,
}

impl<'a> Name<'a> {
    /// The name a word or quoted name stands for; `None` for any other token.
    pub(super) fn of(sql: &'a str, token: Token) -> Option<Self> {
        let (prefix, suffix) = match token.kind {
            TokenKind::Name | TokenKind::Keyword(_) => (0, 0),
            TokenKind::QuotedName => (1, 1),
            TokenKind::UnicodeName => (3, 1),
            _ => return None,
        };
        Some(Self { text: &sql[token.start + prefix..token.end - suffix], quoted: prefix > 0 })
    }

    /// Whether it is `name`, which is written in lower case.
    pub(super) fn is(self, name: &str) -> bool {
        if self.quoted { self.text == name } else { self.text.eq_ignore_ascii_case(name) }
    }
}
