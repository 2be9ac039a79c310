//! Operators: the longest run of operator characters, with the two exceptions of the SQL standard.

use super::{Lexer, is_operator};
use crate::token::TokenKind;

/// What is known about a run of operator characters while its tokens are handed out: without it a run of a million signs, each a
/// token, would be looked through a million times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Behind its last character; a comment ends it, too.
    end: usize,
    /// Behind the last character that is neither `+` nor `-`, or where the run begins.
    unsigned: usize,
    /// Whether it has one of the characters the SQL standard does not use, which allow a sign at the end.
    extended: bool,
}

impl Run {
    pub(super) const NONE: Self = Self { end: 0, unsigned: 0, extended: false };
}

impl Lexer<'_> {
    /// One operator. A comment may begin inside the run and ends it; a trailing `+` or `-` belongs to what follows unless the
    /// operator has a character no operator of the standard has (PostgreSQL's documentation, "Operators").
    pub(super) fn operator(&mut self) -> TokenKind {
        let start = self.at;
        if self.run.end <= start {
            self.run = self.run_from(start);
        }
        let run = self.run;
        self.at = if run.extended { run.end } else { run.unsigned.max(start + 1) };
        if &self.bytes[start..self.at] == b"=>" { TokenKind::Mark } else { TokenKind::Operator }
    }

    fn run_from(&self, start: usize) -> Run {
        let mut run = Run { end: start, unsigned: start, extended: false };
        while let Some(&byte) = self.bytes.get(run.end).filter(|&&byte| is_operator(byte)) {
            let next = self.bytes.get(run.end + 1);
            if matches!((byte, next), (b'-', Some(b'-')) | (b'/', Some(b'*'))) {
                break;
            }
            run.end += 1;
            if !matches!(byte, b'+' | b'-') {
                run.unsigned = run.end;
            }
            run.extended |= b"~!@#^&|`?%".contains(&byte);
        }
        run
    }
}
