//! Where a statement ends, for statements that may have semicolons inside.

use crate::keyword::Keyword;
use crate::token::{Token, TokenKind};

/// Follows the tokens of one statement. Semicolons in parentheses (`CREATE RULE … DO (…; …)`) and in the `BEGIN ATOMIC … END` of a
/// function do not end it.
#[derive(Debug, Default)]
pub(crate) struct Extent {
    /// Parentheses open now.
    parentheses: usize,
    /// `BEGIN ATOMIC` and `CASE` that have no `END` yet.
    blocks: usize,
    before: Option<TokenKind>,
}

impl Extent {
    /// Whether `token` is the semicolon behind the statement; any other token is taken to be part of it.
    pub(crate) fn ends_with(&mut self, token: Token) -> bool {
        match token.kind {
            TokenKind::Semicolon if self.parentheses == 0 && self.blocks == 0 => return true,
            TokenKind::Open => self.parentheses += 1,
            TokenKind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            TokenKind::Keyword(Keyword::Atomic)
                if self.before == Some(TokenKind::Keyword(Keyword::Begin)) =>
            {
                self.blocks += 1;
            }
            TokenKind::Keyword(Keyword::Case) if self.blocks > 0 => self.blocks += 1,
            TokenKind::Keyword(Keyword::End) if self.blocks > 0 => self.blocks -= 1,
            _ => {}
        }
        self.before = Some(token.kind);
        false
    }
}
