//! How a single token is spelled, and where a space goes.

use super::Writer;
use crate::keyword::{Category, Keyword};
use crate::token::{Token, TokenKind, Unterminated};

/// Stands for every value. No token of PostgreSQL is spelled so.
const VALUE: &str = "$?";

impl Writer<'_> {
    /// Write a space unless the neighbours need none.
    pub(super) fn space(&mut self, next: TokenKind) {
        let Some(before) = self.before else {
            if !self.out.is_empty() {
                self.out.push(' ');
            }
            return;
        };
        let close = matches!(next, TokenKind::Comma | TokenKind::Close | TokenKind::Dot | TokenKind::Cast)
            || matches!(before, TokenKind::Open | TokenKind::Dot | TokenKind::Cast)
            || (next == TokenKind::Open && names_function(before));
        if !close {
            self.out.push(' ');
        }
    }

    pub(super) fn spell(&mut self, token: Token) {
        let sql = self.cursor.sql;
        let text = token.text(sql);
        match token.kind {
            TokenKind::String | TokenKind::BitString | TokenKind::Number | TokenKind::Parameter => {
                self.out.push_str(VALUE);
            }
            TokenKind::Unterminated(Unterminated::String | Unterminated::DollarString) => {
                self.out.push_str(VALUE);
            }
            TokenKind::Keyword(Keyword::True | Keyword::False) if !self.after_is() => {
                self.out.push_str(VALUE);
            }
            TokenKind::Keyword(keyword) => self.out.push_str(keyword.text()),
            TokenKind::Name => self.out.extend(text.chars().map(|letter| letter.to_ascii_lowercase())),
            TokenKind::QuotedName if needs_no_quotes(&text[1..text.len() - 1]) => {
                self.out.push_str(&text[1..text.len() - 1]);
            }
            TokenKind::UnicodeName => {
                self.out.push('u');
                self.out.push_str(&text[1..]);
            }
            _ => self.out.push_str(text),
        }
    }

    fn after_is(&self) -> bool {
        matches!(self.before, Some(TokenKind::Keyword(Keyword::Is | Keyword::Not)))
    }
}

/// Whether a quoted name means the same without its quotes.
fn needs_no_quotes(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| first.is_ascii_lowercase() || *first == b'_')
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_')
        && Keyword::find(name).is_none()
}

const fn names_function(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Name | TokenKind::QuotedName => true,
        TokenKind::Keyword(
            Keyword::Values | Keyword::Exists | Keyword::Over | Keyword::Filter | Keyword::By,
        ) => false,
        TokenKind::Keyword(keyword) => {
            matches!(keyword.category(), Category::ColumnName | Category::TypeOrFunction)
        }
        _ => false,
    }
}

/// Whether a sign behind a token of this kind is an operator between two operands.
pub(super) const fn ends_operand(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Operator | TokenKind::Open | TokenKind::Comma | TokenKind::Mark | TokenKind::Cast => false,
        TokenKind::Keyword(keyword) => !matches!(
            keyword,
            Keyword::Select
                | Keyword::Where
                | Keyword::And
                | Keyword::Or
                | Keyword::Not
                | Keyword::When
                | Keyword::Then
                | Keyword::Else
                | Keyword::Between
                | Keyword::Symmetric
                | Keyword::Limit
                | Keyword::Offset
                | Keyword::By
                | Keyword::Having
                | Keyword::On
                | Keyword::Default
                | Keyword::Returning
        ),
        _ => true,
    }
}
