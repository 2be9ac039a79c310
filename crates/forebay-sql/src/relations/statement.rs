//! One text, statement by statement, each by its first word.

use super::Relations;
use super::clause::{Clause, List, Role};
use super::common_table::CommonTables;
use super::hidden::{Hidden, NotKnown};
use super::name::RelationName;
use crate::class::Class;
use crate::classify::{Pass, Query};
use crate::cursor::Cursor;
use crate::keyword::Keyword;
use crate::reason::{Reason, excerpt};
use crate::token::{Token, TokenKind};

/// The state of one pass over a text. The classifier's pass follows the tokens, and knows calls and `WITH` lists; beside it stands what
/// relations need.
pub(super) struct Text<'a> {
    pub(super) pass: Pass<'a>,
    pub(super) found: Relations,
    hidden: Option<Hidden>,
    /// The innermost parenthesis.
    pub(super) clause: Clause,
    /// The ones around it.
    pub(super) outer: Vec<Clause>,
    pub(super) tables: CommonTables,
    /// The table of `COPY` while its direction is not known.
    pub(super) copied: Option<RelationName>,
    /// Where the relation named last ends: its columns may follow.
    pub(super) named: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        Self {
            pass: Pass::new(cursor),
            found: Relations::default(),
            hidden: None,
            clause: Clause::default(),
            outer: Vec::new(),
            tables: CommonTables::default(),
            copied: None,
            named: 0,
        }
    }

    /// What all statements touch, and the first string that would end elsewhere without standard_conforming_strings.
    pub(super) fn read(mut self) -> (Result<Relations, NotKnown>, Option<usize>) {
        while let Some(first) = self.pass.cursor.next() {
            if first.kind != TokenKind::Semicolon {
                self.statement(first);
                self.pass.finish();
                self.take_reasons(|_| false);
            }
        }
        self.found.sort();
        let found = match self.hidden {
            Some(hidden) => Err(NotKnown::new(hidden, self.found)),
            None => Ok(self.found),
        };
        (found, self.pass.doubt)
    }

    fn statement(&mut self, first: Token) {
        let Some(first) = self.pass.behind_explain(first) else { return };
        let at = first.start;
        match first.kind {
            TokenKind::Open => self.walk(Query::new(at), Clause::default(), Some(first)),
            TokenKind::Keyword(keyword) => self.verb(keyword, first),
            TokenKind::Unterminated(_) | TokenKind::Unknown => self.pass.doubt(first),
            _ => self.unknown(first),
        }
    }

    fn verb(&mut self, keyword: Keyword, first: Token) {
        let at = first.start;
        match keyword {
            Keyword::Select
            | Keyword::With
            | Keyword::Values
            | Keyword::Table
            | Keyword::Insert
            | Keyword::Update
            | Keyword::Delete
            | Keyword::Merge => self.walk(Query::new(at), Clause::default(), Some(first)),
            Keyword::Copy => {
                let clause = Clause { expect: Some(Role::Copied), ..Clause::default() };
                self.walk(Query::of_copy(at), clause, None);
            }
            Keyword::Truncate => {
                let list = List::Open(Role::Write);
                let clause = Clause { expect: Some(Role::Write), list, ..Clause::default() };
                self.walk(Query::behind(first.kind, at), clause, None);
            }
            Keyword::Prepare if self.pass.cursor.accept(Keyword::Transaction) => {}
            Keyword::Prepare => self.behind(Keyword::As, first),
            Keyword::Declare => self.behind(Keyword::For, first),
            _ => self.other(keyword, first),
        }
    }

    /// A statement that names no relation whose rows it touches, or does not show them.
    fn other(&mut self, keyword: Keyword, first: Token) {
        let at = first.start;
        if let Some(verb) = elsewhere(keyword) {
            self.hide(Hidden::Elsewhere { verb, at });
        } else if let Some(verb) = definition(keyword) {
            self.hide(Hidden::Definition { verb, at });
            self.pass.skip();
        } else if !touches_nothing(keyword) {
            self.unknown(first);
        }
    }

    /// The statement behind `PREPARE … AS` or `DECLARE … FOR`.
    fn behind(&mut self, keyword: Keyword, first: Token) {
        while let Some(token) = self.pass.cursor.next_of_statement() {
            if token.kind == TokenKind::Keyword(keyword) {
                match self.pass.cursor.next_of_statement() {
                    Some(first) => self.statement(first),
                    None => self.unknown(first),
                }
                return;
            }
            self.pass.doubt(token);
        }
    }

    fn unknown(&mut self, first: Token) {
        let word = excerpt(self.pass.cursor.text(first));
        self.hide(Hidden::Text(Reason::UnknownStatement { word, at: first.start }));
    }

    pub(super) fn hide(&mut self, hidden: Hidden) {
        self.hidden.get_or_insert(hidden);
    }

    /// Take over from the classifier what hides relations, unless it is to be left out.
    pub(super) fn take_reasons(&mut self, leave_out: impl Fn(&Reason) -> bool) {
        if self.pass.class.reasons().is_empty() {
            return;
        }
        let class = std::mem::replace(&mut self.pass.class, Class::read());
        for reason in class.into_reasons() {
            let hides = matches!(
                reason,
                Reason::UnknownFunction { .. }
                    | Reason::UnknownOperator { .. }
                    | Reason::UnknownStatement { .. }
                    | Reason::NotUnderstood { .. }
                    | Reason::Unterminated { .. }
            );
            if hides && !leave_out(&reason) {
                self.hide(Hidden::Text(reason));
            }
        }
    }
}

/// Verbs that run what stands elsewhere.
const fn elsewhere(keyword: Keyword) -> Option<&'static str> {
    Some(match keyword {
        Keyword::Do => "DO",
        Keyword::Call => "CALL",
        Keyword::Execute => "EXECUTE",
        Keyword::Fetch => "FETCH",
        Keyword::Move => "MOVE",
        Keyword::Load => "LOAD",
        _ => return None,
    })
}

/// Verbs that change what names stand for, or who may use them.
const fn definition(keyword: Keyword) -> Option<&'static str> {
    Some(match keyword {
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
        _ => return None,
    })
}

/// Verbs that leave all rows as they are: of the transaction, of the session, of maintenance.
const fn touches_nothing(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::Begin
            | Keyword::Start
            | Keyword::Commit
            | Keyword::End
            | Keyword::Rollback
            | Keyword::Abort
            | Keyword::Savepoint
            | Keyword::Release
            | Keyword::Set
            | Keyword::Reset
            | Keyword::Show
            | Keyword::Discard
            | Keyword::Deallocate
            | Keyword::Close
            | Keyword::Listen
            | Keyword::Unlisten
            | Keyword::Notify
            | Keyword::Checkpoint
            | Keyword::Lock
            | Keyword::Vacuum
            | Keyword::Analyze
            | Keyword::Analyse
            | Keyword::Reindex
            | Keyword::Cluster
    )
}
