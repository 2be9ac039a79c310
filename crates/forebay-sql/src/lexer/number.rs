//! Numbers: decimal, `0x`, `0o`, `0b`, underscores, fractions and exponents.

use super::{Lexer, is_name_start};
use crate::token::TokenKind;

impl Lexer<'_> {
    /// A number, or Unknown when a name follows without a gap: PostgreSQL 14 reads `1abc` as two tokens, later ones refuse it.
    pub(super) fn number(&mut self) -> TokenKind {
        if !self.radix() {
            self.digits();
            // `1..10` is a number, `..` and a number.
            if self.peek(0) == b'.' && self.peek(1) != b'.' {
                self.at += 1;
                self.digits();
            }
            self.exponent();
        }
        if is_name_start(self.peek(0)) {
            self.skip_while(super::is_name_part);
            return TokenKind::Unknown;
        }
        TokenKind::Number
    }

    /// `0x1F`, `0o17`, `0b1`, with underscores between digits.
    fn radix(&mut self) -> bool {
        let is_digit: fn(u8) -> bool = match (self.peek(0), self.peek(1) | 0x20) {
            (b'0', b'x') => |byte| byte.is_ascii_hexdigit(),
            (b'0', b'o') => |byte| matches!(byte, b'0'..=b'7'),
            (b'0', b'b') => |byte| matches!(byte, b'0' | b'1'),
            _ => return false,
        };
        let first = usize::from(self.peek(2) == b'_');
        if !is_digit(self.peek(2 + first)) {
            return false;
        }
        self.at += 2;
        self.grouped(is_digit);
        true
    }

    fn digits(&mut self) {
        self.grouped(|byte| byte.is_ascii_digit());
    }

    /// Digits with single underscores before a digit.
    fn grouped(&mut self, is_digit: impl Fn(u8) -> bool) {
        loop {
            self.skip_while(&is_digit);
            if self.peek(0) != b'_' || !is_digit(self.peek(1)) {
                return;
            }
            self.at += 1;
        }
    }

    fn exponent(&mut self) {
        if self.peek(0) | 0x20 != b'e' {
            return;
        }
        let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if self.peek(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            self.digits();
        }
    }
}
