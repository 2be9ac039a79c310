//! Everything in quotes: strings of each kind, quoted names, dollar strings and parameters.

use memchr::{memchr, memchr2, memmem};

use super::{Lexer, is_name_part, is_name_start, is_space};
use crate::token::{TokenKind, Unterminated};

/// How the inside of a quoted string is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// `''` is a quote.
    Plain,
    /// `''` is a quote and `\` takes the next character with it.
    Escapes,
    /// No way to write a quote.
    Bits,
}

impl Lexer<'_> {
    /// A string whose first quote ends `prefix` bytes further on.
    pub(super) fn string(&mut self, prefix: usize, rules: Rules) -> TokenKind {
        self.at += prefix;
        loop {
            let rest = &self.bytes[self.at..];
            let stop =
                if rules == Rules::Escapes { memchr2(b'\'', b'\\', rest) } else { memchr(b'\'', rest) };
            let Some(stop) = stop else {
                self.at = self.bytes.len();
                return TokenKind::Unterminated(Unterminated::String);
            };
            self.at += stop + 1;
            if rest[stop] == b'\\' {
                // The character after it, or its first byte: the others are no quotes.
                self.at = (self.at + 1).min(self.bytes.len());
            } else if self.peek(0) == b'\'' && rules != Rules::Bits {
                self.at += 1;
            } else if let Some(quote) = self.continuation() {
                self.at = quote + 1;
            } else {
                return if rules == Rules::Bits { TokenKind::BitString } else { TokenKind::String };
            }
        }
    }

    /// Where the quote stands that continues a string just closed: only white space with at least one line end, and line
    /// comments, may come between.
    fn continuation(&self) -> Option<usize> {
        let mut at = self.at;
        let mut new_line = false;
        loop {
            match *self.bytes.get(at)? {
                byte if is_space(byte) => {
                    new_line |= matches!(byte, b'\n' | b'\r');
                    at += 1;
                }
                b'-' if self.bytes.get(at + 1) == Some(&b'-') => {
                    at += memchr2(b'\n', b'\r', &self.bytes[at..])?;
                }
                b'\'' if new_line => return Some(at),
                _ => return None,
            }
        }
    }

    /// A quoted name whose first quote ends `prefix` bytes further on.
    pub(super) fn quoted_name(&mut self, prefix: usize) -> TokenKind {
        self.at += prefix;
        while let Some(quote) = memchr(b'"', &self.bytes[self.at..]) {
            self.at += quote + 1;
            if self.peek(0) != b'"' {
                return TokenKind::QuotedName;
            }
            self.at += 1;
        }
        self.at = self.bytes.len();
        TokenKind::Unterminated(Unterminated::Name)
    }

    /// A parameter, a dollar string, or a `$` that means nothing.
    pub(super) fn dollar(&mut self) -> TokenKind {
        if self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
            if is_name_start(self.peek(0)) {
                self.skip_while(is_name_part);
                return TokenKind::Unknown;
            }
            return TokenKind::Parameter;
        }
        let start = self.at;
        self.at += 1;
        if is_name_start(self.peek(0)) {
            self.skip_while(|byte| is_name_part(byte) && byte != b'$');
        }
        if self.peek(0) != b'$' {
            self.at = start + 1;
            return TokenKind::Unknown;
        }
        self.at += 1;
        let tag = &self.bytes[start..self.at];
        if let Some(found) = memmem::find(&self.bytes[self.at..], tag) {
            self.at += found + tag.len();
            return TokenKind::String;
        }
        self.at = self.bytes.len();
        TokenKind::Unterminated(Unterminated::DollarString)
    }
}
