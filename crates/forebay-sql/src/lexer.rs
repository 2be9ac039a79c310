//! Text to tokens by PostgreSQL's own lexical rules (its `scan.l`), for any text at all.
//!
//! The rules of every version from 14 to 18 are honoured; where versions read the same text differently (`1abc`) the token is
//! [`TokenKind::Unknown`]. `standard_conforming_strings` is taken to be on, its default since 9.1;
//! the classifier looks again with it off where that makes a difference.

mod number;
mod operator;
mod quoted;

use crate::keyword::Keyword;
use crate::token::{Token, TokenKind, Unterminated};

/// Cuts a text into tokens without copying. It never fails and never skips a byte: each token begins where the one before ended,
/// the first at 0 and the last ends with the text.
///
/// ```
/// use forebay_sql::{Lexer, TokenKind};
///
/// let sql = "SELECT $1 -- note";
/// let kinds: Vec<_> = Lexer::new(sql).filter(|token| !token.is_trivia()).map(|token| token.text(sql)).collect();
/// assert_eq!(kinds, ["SELECT", "$1"]);
/// ```
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The run of operator characters looked through last.
    run: operator::Run,
    /// How plain strings are read.
    plain: quoted::Rules,
}

impl<'a> Lexer<'a> {
    /// A lexer at the beginning of `sql`.
    #[must_use]
    pub const fn new(sql: &'a str) -> Self {
        Self { sql, bytes: sql.as_bytes(), at: 0, run: operator::Run::NONE, plain: quoted::Rules::Plain }
    }

    /// A lexer that reads plain strings as a server does whose `standard_conforming_strings` is off: a backslash takes the next
    /// character with it.
    pub(crate) const fn without_standard_strings(sql: &'a str) -> Self {
        Self { plain: quoted::Rules::Escapes, ..Self::new(sql) }
    }

    /// The byte `ahead` of the current position, or 0 behind the end (a real NUL byte is Unknown wherever it stands).
    #[inline]
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Move on while `keep` holds.
    #[inline]
    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|&byte| !keep(byte)).unwrap_or(rest.len());
    }

    fn one(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    fn two(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 2;
        kind
    }

    /// The kind of the token at the current position, which moves behind it.
    fn scan(&mut self, first: u8) -> TokenKind {
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                self.skip_while(is_space);
                TokenKind::Space
            }
            b'\'' => self.string(1, self.plain),
            b'"' => self.quoted_name(1),
            b'$' => self.dollar(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'.' if self.peek(1) == b'.' => self.two(TokenKind::Mark),
            b'.' => self.one(TokenKind::Dot),
            b',' => self.one(TokenKind::Comma),
            b';' => self.one(TokenKind::Semicolon),
            b'(' => self.one(TokenKind::Open),
            b')' => self.one(TokenKind::Close),
            b'[' | b']' => self.one(TokenKind::Mark),
            b':' if self.peek(1) == b':' => self.two(TokenKind::Cast),
            b':' if self.peek(1) == b'=' => self.two(TokenKind::Mark),
            b':' => self.one(TokenKind::Mark),
            b'-' if self.peek(1) == b'-' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            _ if is_operator(first) => self.operator(),
            _ if is_name_start(first) => self.word(first),
            _ => self.one(TokenKind::Unknown),
        }
    }

    /// A name, a keyword, or a string or quoted name with a prefix.
    fn word(&mut self, first: u8) -> TokenKind {
        match (first | 0x20, self.peek(1), self.peek(2)) {
            (b'e', b'\'', _) => return self.string(2, quoted::Rules::Escapes),
            (b'n', b'\'', _) => return self.string(2, self.plain),
            (b'b' | b'x', b'\'', _) => return self.string(2, quoted::Rules::Bits),
            (b'u', b'&', b'\'') => return self.string(3, quoted::Rules::Plain),
            (b'u', b'&', b'"') => {
                return match self.quoted_name(3) {
                    TokenKind::QuotedName => TokenKind::UnicodeName,
                    unterminated => unterminated,
                };
            }
            _ => {}
        }
        let start = self.at;
        self.skip_while(is_name_part);
        Keyword::find(&self.sql[start..self.at]).map_or(TokenKind::Name, TokenKind::Keyword)
    }

    fn line_comment(&mut self) -> TokenKind {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        TokenKind::LineComment
    }

    fn block_comment(&mut self) -> TokenKind {
        self.at += 2;
        let mut depth = 1_usize;
        while let Some(found) = memchr::memchr2(b'*', b'/', &self.bytes[self.at..]) {
            self.at += found;
            match (self.peek(0), self.peek(1)) {
                (b'*', b'/') => {
                    self.at += 2;
                    depth -= 1;
                    if depth == 0 {
                        return TokenKind::BlockComment;
                    }
                }
                (b'/', b'*') => {
                    self.at += 2;
                    depth += 1;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        TokenKind::Unterminated(Unterminated::Comment)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let kind = self.scan(first);
        Some(Token { kind, start, end: self.at })
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

const fn is_name_part(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

const fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!'
            | b'@'
            | b'#'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'%'
            | b'<'
            | b'>'
            | b'='
    )
}
