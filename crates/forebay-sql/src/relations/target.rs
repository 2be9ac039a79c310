//! Where relations are named, and what for.

use super::argument::reach;
use super::clause::{Change, List, Role};
use super::hidden::Hidden;
use super::name::RelationName;
use super::statement::Text;
use crate::classify::{Chain, Query, With, is_word};
use crate::keyword::{Category, Keyword};
use crate::reason::{Reason, excerpt};
use crate::token::{Token, TokenKind};

impl Text<'_> {
    /// A keyword where a relation is expected. Whether that is all it means.
    pub(super) fn expected(&mut self, query: &Query, keyword: Keyword, token: Token, role: Role) -> bool {
        let next = self.pass.cursor.peek_kind();
        match keyword {
            Keyword::Only | Keyword::Lateral | Keyword::Table => true,
            Keyword::Binary if role == Role::Copied => true,
            // ROWS FROM (…): the FROM comes next.
            Keyword::Rows if next == Some(TokenKind::Keyword(Keyword::From)) => {
                self.clause.expect = None;
                true
            }
            Keyword::Values if role == Role::Read && next == Some(TokenKind::Open) => {
                self.clause.end_list();
                true
            }
            Keyword::Temp | Keyword::Temporary | Keyword::Local | Keyword::Global | Keyword::Unlogged
                if self.makes_table(role) && next.is_some_and(may_name) =>
            {
                true
            }
            _ if matches!(keyword.category(), Category::Reserved | Category::TypeOrFunction) => {
                self.clause.expect = None;
                false
            }
            _ => {
                self.word(query, token, None);
                true
            }
        }
    }

    /// Whether the relation expected is that of `SELECT … INTO`, which may say what kind of table it makes.
    fn makes_table(&self, role: Role) -> bool {
        role == Role::Write && self.clause.change.is_none() && self.clause.list != List::Open(Role::Write)
    }

    /// A name in whatever role.
    pub(super) fn word(&mut self, query: &Query, token: Token, before: Option<TokenKind>) {
        let next = self.pass.cursor.peek_kind();
        if let Some(role) = self.clause.expect {
            // The name goes on.
            if next != Some(TokenKind::Dot) {
                self.names(role, query.chain, next);
            }
        } else if before == Some(TokenKind::Dot) && next != Some(TokenKind::Open) {
            // `('seq'::regclass).nextval` calls nextval.
            let name = self.pass.cursor.text(token).trim_matches('"').to_ascii_lowercase();
            if reach(&name).is_some() {
                self.hide(Hidden::Argument { function: excerpt(&name), at: token.start });
            }
        }
    }

    /// The name of a relation is complete.
    fn names(&mut self, role: Role, chain: Chain, next: Option<TokenKind>) {
        self.clause.expect = None;
        let text = &self.pass.cursor.sql[chain.first.start..chain.last.end];
        // A function.
        if role == Role::Read && next == Some(TokenKind::Open) {
            return;
        }
        let Some(name) = RelationName::parse(text) else {
            let reason = Reason::NotUnderstood { text: excerpt(text), at: chain.first.start };
            return self.hide(Hidden::Text(reason));
        };
        self.named = chain.last.end;
        match role {
            Role::Read if name.alone().is_some_and(|name| self.tables.contains(name)) => {}
            Role::Read => self.found.reads.push(name),
            Role::Copied => self.copied = Some(name),
            Role::Write | Role::Both => {
                if role == Role::Both {
                    self.found.reads.push(name.clone());
                }
                self.found.writes.push(name.clone());
                self.clause.target.get_or_insert(name);
            }
        }
    }

    pub(super) fn expect_from(&mut self) {
        if self.clause.change == Some(Change::Delete) && self.clause.target.is_none() {
            self.clause.expect = Some(Role::Both);
        } else if self.clause.verb {
            self.clause.list = List::Open(Role::Read);
            self.clause.expect = Some(Role::Read);
        }
    }

    pub(super) fn expect_target(&mut self) {
        let role = match self.clause.change {
            Some(Change::Merge) => Role::Both,
            _ => Role::Write,
        };
        self.clause.expect = Some(role);
    }

    /// `USING` of a `DELETE` or `MERGE`, or of a join of theirs, which has no relations.
    pub(super) fn using(&mut self) {
        if self.clause.target.is_none() || self.clause.list != List::Ended {
            return;
        }
        self.clause.list = match self.clause.change {
            Some(Change::Delete) => List::Open(Role::Read),
            Some(Change::Merge) => List::Joined,
            _ => return,
        };
        self.clause.expect = Some(Role::Read);
    }

    /// Whether `INSERT`, `UPDATE`, `DELETE` or `MERGE` begins a statement here.
    pub(super) fn begins_change(
        &self,
        query: &Query,
        keyword: Keyword,
        before: Option<TokenKind>,
        with: With,
    ) -> bool {
        let begins = match before {
            None => true,
            Some(TokenKind::Open) => query.holds_statements(),
            _ => matches!(with, With::Body | With::Search | With::Tail),
        };
        begins && !self.clause.verb && self.pass.goes_on(keyword)
    }

    pub(super) fn change(&mut self, keyword: Keyword) {
        self.clause.verb = true;
        self.clause.target = None;
        self.clause.change = Some(match keyword {
            Keyword::Insert => Change::Insert,
            Keyword::Update => Change::Update,
            Keyword::Delete => Change::Delete,
            _ => Change::Merge,
        });
        if keyword == Keyword::Update {
            self.clause.expect = Some(Role::Both);
        }
    }

    /// `WITH`: at the beginning of a query the classifier's pass knows that a list begins; before the query of an `INSERT` it does not.
    pub(super) fn with(&mut self, query: &mut Query, before: Option<TokenKind>) {
        self.clause.expect = None;
        let inner = !matches!(before, None | Some(TokenKind::Open));
        if inner {
            let mut ahead = self.pass.cursor.ahead().map(|token| token.kind);
            let first = ahead.next();
            let list = first == Some(TokenKind::Keyword(Keyword::Recursive))
                || first.is_some_and(is_word)
                    && matches!(ahead.next(), Some(TokenKind::Open | TokenKind::Keyword(Keyword::As)));
            if !list || self.clause.change != Some(Change::Insert) || self.clause.list != List::Ended {
                return;
            }
            query.begin_with_list();
            self.clause.inner_with = Some(self.tables.len());
        }
        self.clause.recursive = false;
        self.clause.end_list();
    }

    /// `ON CONFLICT`: the row that is in the way is looked at.
    pub(super) fn conflict(&mut self) {
        if self.clause.change == Some(Change::Insert) {
            self.found.reads.extend(self.clause.target.clone());
            self.end_inner_with();
            self.clause.end_list();
        }
    }

    /// What follows the query of an `INSERT` does not see its common table expressions.
    pub(super) fn end_inner_with(&mut self) {
        if let Some(len) = self.clause.inner_with.take() {
            self.tables.truncate(len);
        }
    }
}

/// Whether a token can be the name of a table, or go on saying what kind of table it is.
const fn may_name(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Name | TokenKind::QuotedName | TokenKind::UnicodeName => true,
        TokenKind::Keyword(keyword) => {
            matches!(keyword.category(), Category::Unreserved | Category::ColumnName)
                || matches!(keyword, Keyword::Table)
        }
        _ => false,
    }
}
