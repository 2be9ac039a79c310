//! One statement by its first word.

use super::Pass;
use super::query::Query;
use crate::extent::Extent;
use crate::keyword::Keyword;
use crate::reason::{Reason, excerpt};
use crate::token::{Token, TokenKind};

impl Pass<'_> {
    /// Judge the statement that begins with `first`, up to its end.
    pub(super) fn statement(&mut self, first: Token) {
        let Some(first) = self.behind_explain(first) else { return };
        match first.kind {
            TokenKind::Open => self.query(&mut Query::new(first.start), Some(first)),
            TokenKind::Keyword(keyword) => self.verb(keyword, first),
            TokenKind::Unterminated(_) | TokenKind::Unknown => self.doubt(first),
            _ => self.unknown(first),
        }
        // Already at the end after a query; the rest of any other statement does not matter once its verb is known.
        self.finish();
    }

    /// The first token of the statement that is explained, or `first` if that begins no `EXPLAIN`.
    pub(crate) fn behind_explain(&mut self, mut first: Token) -> Option<Token> {
        while first.kind == TokenKind::Keyword(Keyword::Explain) {
            self.explain_options();
            match self.cursor.next_of_statement() {
                Some(token) => first = token,
                None => {
                    self.unknown(first);
                    return None;
                }
            }
        }
        Some(first)
    }

    fn verb(&mut self, keyword: Keyword, first: Token) {
        let at = first.start;
        match keyword {
            Keyword::Select | Keyword::With | Keyword::Values | Keyword::Table => {
                self.query(&mut Query::new(at), Some(first));
            }
            Keyword::Copy => self.query(&mut Query::of_copy(at), None),
            Keyword::Begin
            | Keyword::Start
            | Keyword::Commit
            | Keyword::End
            | Keyword::Rollback
            | Keyword::Abort
            | Keyword::Savepoint
            | Keyword::Release => self.transaction(keyword, at),
            Keyword::Prepare if self.cursor.accept(Keyword::Transaction) => {
                self.class.add(Reason::Writes { verb: "PREPARE TRANSACTION", at });
            }
            _ => {
                if let Some(verb) = writing(keyword) {
                    self.class.add(Reason::Writes { verb, at });
                    self.skip();
                } else if let Some(verb) = of_session(keyword) {
                    self.class.add(Reason::Session { verb, at });
                } else if matches!(keyword, Keyword::Do | Keyword::Call) {
                    let verb = if keyword == Keyword::Do { "DO" } else { "CALL" };
                    self.class.add(Reason::HiddenCode { verb, at });
                } else {
                    self.unknown(first);
                }
            }
        }
    }

    /// `ANALYZE`, `VERBOSE`, or options in parentheses, which a query in parentheses must not be taken for.
    fn explain_options(&mut self) {
        if self.cursor.peek_kind() == Some(TokenKind::Open) && !self.cursor.opens_query() {
            while let Some(token) = self.cursor.next_of_statement() {
                self.doubt(token);
                if token.kind == TokenKind::Close {
                    return;
                }
            }
            return;
        }
        while self.cursor.accept(Keyword::Analyze)
            || self.cursor.accept(Keyword::Analyse)
            || self.cursor.accept(Keyword::Verbose)
        {}
    }

    fn unknown(&mut self, first: Token) {
        let word = excerpt(self.cursor.text(first));
        self.class.add(Reason::UnknownStatement { word, at: first.start });
    }

    /// Step over a statement that may have semicolons inside.
    pub(crate) fn skip(&mut self) {
        let mut extent = Extent::default();
        while self.cursor.peek().is_some_and(|token| !extent.ends_with(token)) {
            let token = self.cursor.next();
            if let Some(Token { kind: TokenKind::Unterminated(what), start: at, .. }) = token {
                self.class.add(Reason::Unterminated { what, at });
            }
        }
    }

    /// Step over the rest of the statement, noting what is never closed.
    pub(crate) fn finish(&mut self) {
        while let Some(token) = self.cursor.next_of_statement() {
            self.doubt(token);
        }
    }

    /// Note a token whose end is not certain.
    #[inline]
    pub(crate) fn doubt(&mut self, token: Token) {
        let at = token.start;
        match token.kind {
            TokenKind::Unknown => self.not_understood(token),
            TokenKind::Unterminated(what) => self.class.add(Reason::Unterminated { what, at }),
            TokenKind::String if token.depends_on_standard_strings(self.cursor.sql) => {
                self.doubt.get_or_insert(at);
            }
            _ => {}
        }
    }
}

/// Verbs that write, or that a standby refuses.
const fn writing(keyword: Keyword) -> Option<&'static str> {
    Some(match keyword {
        Keyword::Insert => "INSERT",
        Keyword::Update => "UPDATE",
        Keyword::Delete => "DELETE",
        Keyword::Merge => "MERGE",
        Keyword::Truncate => "TRUNCATE",
        Keyword::Create => "CREATE",
        Keyword::Alter => "ALTER",
        Keyword::Drop => "DROP",
        Keyword::Grant => "GRANT",
        Keyword::Revoke => "REVOKE",
        Keyword::Comment => "COMMENT",
        Keyword::Security => "SECURITY LABEL",
        Keyword::Reassign => "REASSIGN OWNED",
        Keyword::Import => "IMPORT FOREIGN SCHEMA",
        Keyword::Refresh => "REFRESH",
        Keyword::Reindex => "REINDEX",
        Keyword::Cluster => "CLUSTER",
        Keyword::Vacuum => "VACUUM",
        Keyword::Analyze | Keyword::Analyse => "ANALYZE",
        Keyword::Lock => "LOCK",
        Keyword::Notify => "NOTIFY",
        Keyword::Checkpoint => "CHECKPOINT",
        _ => return None,
    })
}

/// Verbs whose effect or answer belongs to the session.
const fn of_session(keyword: Keyword) -> Option<&'static str> {
    Some(match keyword {
        Keyword::Set => "SET",
        Keyword::Reset => "RESET",
        Keyword::Show => "SHOW",
        Keyword::Discard => "DISCARD",
        Keyword::Prepare => "PREPARE",
        Keyword::Execute => "EXECUTE",
        Keyword::Deallocate => "DEALLOCATE",
        Keyword::Declare => "DECLARE",
        Keyword::Fetch => "FETCH",
        Keyword::Move => "MOVE",
        Keyword::Close => "CLOSE",
        Keyword::Listen => "LISTEN",
        Keyword::Unlisten => "UNLISTEN",
        Keyword::Load => "LOAD",
        _ => return None,
    })
}
