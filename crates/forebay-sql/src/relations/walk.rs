//! The tokens of one statement, and what each means for relations.

use super::argument::{Reach, literal, reach};
use super::clause::{Change, Clause, List, Role};
use super::hidden::Hidden;
use super::name::identifier;
use super::statement::Text;
use crate::classify::{Chain, Query, With, is_word};
use crate::keyword::Keyword;
use crate::reason::{Reason, excerpt};
use crate::token::{Token, TokenKind};

impl Text<'_> {
    /// Walk a statement from its token `first` to its end.
    pub(super) fn walk(&mut self, mut query: Query, clause: Clause, first: Option<Token>) {
        self.clause = clause;
        self.outer.clear();
        self.tables.truncate(0);
        self.copied = None;
        if let Some(first) = first {
            self.token(&mut query, first);
        }
        while let Some(token) = self.pass.cursor.next_of_statement() {
            self.token(&mut query, token);
        }
    }

    fn token(&mut self, query: &mut Query, token: Token) {
        let (before, chain, with) = (query.before, query.chain, query.frame.with);
        self.pass.token(query, token);
        let columns = token.kind == TokenKind::Open && before.is_some_and(is_word) && self.has_columns(chain);
        self.take_reasons(|reason| columns && matches!(reason, Reason::UnknownFunction { .. }));
        match token.kind {
            TokenKind::Open => self.open(query, before, chain),
            TokenKind::Close => self.close(query),
            TokenKind::Comma => {
                if let List::Open(role) = self.clause.list
                    && self.clause.brackets == 0
                {
                    self.clause.expect = Some(role);
                }
            }
            TokenKind::Mark => self.mark(token),
            // Behind a dot or AS every word is a plain name.
            TokenKind::Keyword(keyword)
                if !matches!(before, Some(TokenKind::Dot | TokenKind::Keyword(Keyword::As))) =>
            {
                self.keyword(query, keyword, token, before, with);
            }
            TokenKind::Dot => {}
            kind if is_word(kind) => self.word(query, token, before),
            _ => self.clause.expect = None,
        }
        if with == With::Name && query.frame.with == With::Named {
            self.names_query(token);
        }
    }

    fn keyword(
        &mut self,
        query: &mut Query,
        keyword: Keyword,
        token: Token,
        before: Option<TokenKind>,
        with: With,
    ) {
        if let Some(role) = self.clause.expect
            && self.expected(query, keyword, token, role)
        {
            return;
        }
        match keyword {
            Keyword::Select => {
                self.clause.verb = true;
                self.clause.end_list();
            }
            Keyword::From | Keyword::To if self.outer.is_empty() && self.copied.is_some() => {
                let name = self.copied.take();
                let to =
                    if keyword == Keyword::From { &mut self.found.writes } else { &mut self.found.reads };
                to.extend(name);
            }
            // IS DISTINCT FROM is an operator.
            Keyword::From if before != Some(TokenKind::Keyword(Keyword::Distinct)) => self.expect_from(),
            Keyword::Join if self.clause.list != List::Ended => self.clause.expect = Some(Role::Read),
            Keyword::Into => self.expect_target(),
            Keyword::Table => self.clause.expect = Some(Role::Read),
            Keyword::Using => self.using(),
            Keyword::Insert | Keyword::Update | Keyword::Delete | Keyword::Merge
                if self.begins_change(query, keyword, before, with) =>
            {
                self.change(keyword);
            }
            Keyword::With => self.with(query, before),
            Keyword::Recursive if with == With::Name => self.clause.recursive = true,
            Keyword::Conflict if before == Some(TokenKind::Keyword(Keyword::On)) => self.conflict(),
            Keyword::Returning => {
                self.end_inner_with();
                self.clause.end_list();
            }
            Keyword::Cascade if self.clause.list == List::Open(Role::Write) && self.outer.is_empty() => {
                self.hide(Hidden::Cascade { at: token.start });
            }
            _ if self.ends_list(keyword) => self.clause.end_list(),
            _ => self.word(query, token, before),
        }
    }

    /// Whether the relations of a `FROM` end with this keyword.
    fn ends_list(&self, keyword: Keyword) -> bool {
        let next = self.pass.cursor.peek_kind();
        match keyword {
            Keyword::Where
            | Keyword::Having
            | Keyword::Window
            | Keyword::Limit
            | Keyword::Offset
            | Keyword::Fetch
            | Keyword::Union
            | Keyword::Intersect
            | Keyword::Except => true,
            // WITHIN GROUP (…) stands in an expression.
            Keyword::Group | Keyword::Order => next == Some(TokenKind::Keyword(Keyword::By)),
            // COLLATION FOR (…), too.
            Keyword::For => next != Some(TokenKind::Open),
            _ => false,
        }
    }

    fn open(&mut self, query: &Query, before: Option<TokenKind>, chain: Chain) {
        let expect = self.clause.expect.take();
        let inside = Clause::inside(expect, self.tables.len());
        self.outer.push(std::mem::replace(&mut self.clause, inside));
        if !before.is_some_and(is_word) || query.is_in_options() {
            return;
        }
        if let Some(name) = self.pass.builtin_name(chain)
            && let Some(reach) = reach(&name)
        {
            self.reached(reach, &name, chain.first.start);
        }
    }

    /// What a built-in function reaches whose arguments come next.
    fn reached(&mut self, reach: Reach, function: &str, at: usize) {
        let named = literal(self.pass.cursor.sql, self.pass.cursor.ahead());
        match (reach, named) {
            (Reach::Reads, Some(name)) => self.found.reads.push(name),
            (Reach::Writes, Some(name)) => self.found.writes.push(name),
            _ => self.hide(Hidden::Argument { function: excerpt(function), at }),
        }
    }

    fn close(&mut self, query: &Query) {
        let outer = self.outer.pop().unwrap_or_default();
        let inner = std::mem::replace(&mut self.clause, outer);
        self.tables.truncate(inner.tables);
        // DELETE FROM ONLY (t)
        if self.clause.change.is_some() && self.clause.target.is_none() {
            self.clause.target = inner.target;
        }
        if query.frame.with == With::Body
            && let Some(name) = self.clause.pending.take()
        {
            self.tables.add(name);
        }
    }

    fn mark(&mut self, token: Token) {
        self.clause.expect = None;
        match self.pass.cursor.text(token) {
            "[" => self.clause.brackets += 1,
            "]" => self.clause.brackets = self.clause.brackets.saturating_sub(1),
            _ => {}
        }
    }

    /// The name of a common table expression was read.
    fn names_query(&mut self, token: Token) {
        let Some(name) = identifier(self.pass.cursor.sql, token) else { return };
        if self.clause.recursive {
            self.tables.add(name);
        } else {
            self.clause.pending = Some(name);
        }
    }

    /// Whether the parenthesis behind `chain` holds columns: of a relation, of `ON CONFLICT`, of the `INSERT` of a `MERGE`.
    fn has_columns(&self, chain: Chain) -> bool {
        let keyword = match chain.last.kind {
            TokenKind::Keyword(keyword) if chain.parts == 1 => Some(keyword),
            _ => None,
        };
        let of_clause = match (keyword, self.clause.change) {
            (Some(Keyword::Conflict), Some(Change::Insert)) => {
                chain.before == Some(TokenKind::Keyword(Keyword::On))
            }
            (Some(Keyword::Insert), Some(Change::Merge)) => {
                chain.before == Some(TokenKind::Keyword(Keyword::Then))
            }
            _ => false,
        };
        of_clause || (self.named > 0 && self.named == chain.last.end)
    }
}
