//! Transactions by text: free to run anywhere only when the same text begins and ends them.

use super::Pass;
use crate::keyword::Keyword;
use crate::reason::Reason;
use crate::token::TokenKind;

impl Pass<'_> {
    /// A statement that begins, ends or divides a transaction; its verb stands at `at`.
    pub(super) fn transaction(&mut self, keyword: Keyword, at: usize) {
        match keyword {
            Keyword::Begin | Keyword::Start => {
                self.modes();
                self.open = Some(at);
            }
            Keyword::Savepoint => self.within("SAVEPOINT", at),
            Keyword::Release => self.within("RELEASE", at),
            Keyword::Commit => self.ending("COMMIT", at),
            Keyword::End => self.ending("END", at),
            Keyword::Abort => self.ending("ABORT", at),
            _ => self.ending("ROLLBACK", at),
        }
    }

    /// The end of the text.
    pub(super) fn end(&mut self) {
        if let Some(at) = self.open {
            self.class.add(Reason::LeavesTransactionOpen { at });
        }
    }

    /// The modes behind `BEGIN`: the isolation level, and read only or read write.
    fn modes(&mut self) {
        while let Some(token) = self.cursor.peek() {
            match token.kind {
                TokenKind::Semicolon | TokenKind::Unterminated(_) | TokenKind::Unknown => return,
                TokenKind::Keyword(Keyword::Serializable) => {
                    self.class.add(Reason::Serializable { at: token.start });
                }
                TokenKind::Keyword(Keyword::Write) => self.class.add(Reason::ReadWrite { at: token.start }),
                _ => {}
            }
            self.cursor.next();
        }
    }

    /// Something that is only legal inside a transaction.
    fn within(&mut self, verb: &'static str, at: usize) {
        if self.open.is_none() {
            self.class.add(Reason::ContinuesTransaction { verb, at });
        }
    }

    /// `COMMIT` and its like: `… PREPARED` writes, `ROLLBACK TO` ends nothing, `AND CHAIN` begins the next transaction.
    fn ending(&mut self, verb: &'static str, at: usize) {
        if self.cursor.accept(Keyword::Prepared) {
            return self.class.add(Reason::Writes { verb, at });
        }
        self.within(verb, at);
        let _ = self.cursor.accept(Keyword::Work) || self.cursor.accept(Keyword::Transaction);
        if self.cursor.accept(Keyword::To) {
            return;
        }
        let chained = self.cursor.accept(Keyword::And) && self.cursor.accept(Keyword::Chain);
        self.open = chained.then_some(at);
    }
}
