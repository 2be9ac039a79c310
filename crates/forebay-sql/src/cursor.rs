//! The tokens the grammar sees, with one of them ahead.

use crate::keyword::Keyword;
use crate::lexer::Lexer;
use crate::token::{Token, TokenKind};

/// Walks the tokens that are neither white space nor comments.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    pub(crate) sql: &'a str,
    lexer: Lexer<'a>,
    ahead: Option<Token>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(sql: &'a str) -> Self {
        Self::of(sql, Lexer::new(sql))
    }

    /// A cursor over the tokens of `lexer`, which reads `sql`.
    pub(crate) fn of(sql: &'a str, lexer: Lexer<'a>) -> Self {
        let mut cursor = Self { sql, lexer, ahead: None };
        cursor.advance();
        cursor
    }

    /// The token that comes next.
    pub(crate) const fn peek(&self) -> Option<Token> {
        self.ahead
    }

    /// The kind of the token that comes next.
    #[inline]
    pub(crate) fn peek_kind(&self) -> Option<TokenKind> {
        self.ahead.map(|token| token.kind)
    }

    /// The keyword that comes next, if one does.
    pub(crate) fn peek_keyword(&self) -> Option<Keyword> {
        match self.peek_kind() {
            Some(TokenKind::Keyword(keyword)) => Some(keyword),
            _ => None,
        }
    }

    /// Step over the next token if it is `keyword`.
    pub(crate) fn accept(&mut self, keyword: Keyword) -> bool {
        let found = self.peek_keyword() == Some(keyword);
        if found {
            self.advance();
        }
        found
    }

    /// The text of a token of this cursor.
    pub(crate) fn text(&self, token: Token) -> &'a str {
        token.text(self.sql)
    }

    /// The tokens that come next, without stepping over them.
    pub(crate) fn ahead(&self) -> impl Iterator<Item = Token> {
        self.ahead.into_iter().chain(self.lexer.clone()).filter(|token| !token.is_trivia())
    }

    /// Whether a query begins inside the parenthesis that comes next.
    pub(crate) fn opens_query(&self) -> bool {
        let inside = self.lexer.clone().find(|token| !token.is_trivia());
        inside.is_some_and(|token| {
            matches!(
                token.kind,
                TokenKind::Open
                    | TokenKind::Keyword(Keyword::Select | Keyword::With | Keyword::Values | Keyword::Table)
            )
        })
    }

    /// The next token unless it ends the statement.
    #[inline]
    pub(crate) fn next_of_statement(&mut self) -> Option<Token> {
        self.next_if(|token| token.kind != TokenKind::Semicolon)
    }

    fn next_if(&mut self, wanted: impl Fn(Token) -> bool) -> Option<Token> {
        self.ahead.filter(|&token| wanted(token))?;
        self.next()
    }

    fn advance(&mut self) {
        self.ahead = self.lexer.find(|token| !token.is_trivia());
    }
}

impl Iterator for Cursor<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        let token = self.ahead?;
        self.advance();
        Some(token)
    }
}
