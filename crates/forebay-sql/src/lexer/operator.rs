//! Operators: the longest run of operator characters, with the two exceptions of the SQL standard.

use super::{Lexer, is_operator};
use crate::token::TokenKind;

impl Lexer<'_> {
    /// One operator. A comment may begin inside the run and ends it; a trailing `+` or `-` belongs to what follows unless the
    /// operator has a character that no operator of the standard has (PostgreSQL's documentation, "Operators").
    pub(super) fn operator(&mut self) -> TokenKind {
        let start = self.at;
        self.skip_while(is_operator);
        let run = &self.bytes[start..self.at];
        let mut len = run.windows(2).position(|pair| pair == b"--" || pair == b"/*").unwrap_or(run.len());
        while len > 1 && matches!(run[len - 1], b'+' | b'-') {
            if run[..len - 1].iter().any(|byte| b"~!@#^&|`?%".contains(byte)) {
                break;
            }
            len -= 1;
        }
        self.at = start + len;
        if &run[..len] == b"=>" { TokenKind::Mark } else { TokenKind::Operator }
    }
}
