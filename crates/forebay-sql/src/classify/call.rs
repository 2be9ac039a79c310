//! A name before an opening parenthesis: a call, or one of the many things that only look like it.

use super::Pass;
use super::frame::With;
use super::name::Name;
use super::query::{Chain, Query};
use crate::builtin::{Function, function};
use crate::catalog::Verdict;
use crate::keyword::{Category, Keyword};
use crate::reason::{Reason, excerpt};
use crate::relations::{RelationName, identifier};
use crate::token::{Token, TokenKind};

impl<'a> Pass<'a> {
    /// Judge the name that ends before the parenthesis at `open`.
    pub(super) fn call(&mut self, query: &Query, open: Token) {
        let chain = query.chain;
        let Some(name) = Name::of(self.cursor.sql, chain.last) else { return };
        let at = chain.first.start;
        let qualified = chain.parts > 1;
        if !qualified && is_syntax(chain.last.kind) {
            return;
        }
        let called = &self.cursor.sql[at..chain.last.end.min(open.start)];
        let verdict = self.known_function(called);
        let own = !qualified || (chain.parts == 2 && self.in_catalogue(chain));
        if own
            && verdict.is_none_or(|verdict| verdict == Verdict::Proven)
            && let Some(class) = self.builtin_class(name)
        {
            return self.builtin(name, class, at);
        }
        if is_type_or_list(query, chain) || (!qualified && is_clause(query, chain)) {
            return;
        }
        let name = excerpt(called);
        match verdict {
            Some(Verdict::Allowed) => {}
            Some(Verdict::Proven) => self.class.rest_on_catalog(),
            Some(Verdict::Listed) => self.class.add(Reason::Listed { name, at }),
            Some(Verdict::Volatile(why)) => {
                self.class.add(Reason::VolatileFunction { name, why: why.map(excerpt), at });
            }
            None => self.class.add(Reason::UnknownFunction { name, at }),
        }
    }

    /// What catalogue and application know of the function `called`.
    fn known_function(&self, called: &str) -> Option<Verdict<'a>> {
        let known = self.known?;
        let name = RelationName::parse(called)?;
        known.function(name.schema(), name.name())
    }

    fn builtin_class(&self, name: Name<'_>) -> Option<Function> {
        match self.known {
            Some(known) => known.builtin(name.text, name.quoted),
            None => function(name.text, name.quoted),
        }
    }

    /// Note what catalogue and application know of a word that is not called: a volatile function may be called as if it were a column,
    /// and a type may have volatile casts.
    pub(super) fn known_word(&mut self, token: Token, before: Option<TokenKind>) {
        let Some(known) = self.known else { return };
        let Some(word) = identifier(self.cursor.sql, token) else { return };
        let (name, at) = (|| excerpt(&word), token.start);
        let function = (before == Some(TokenKind::Dot)).then(|| known.function(None, &word)).flatten();
        match function {
            Some(Verdict::Listed) => self.class.add(Reason::Listed { name: name(), at }),
            Some(Verdict::Volatile(why)) => {
                self.class.add(Reason::VolatileFunction { name: name(), why: why.map(excerpt), at });
            }
            _ => {
                if let Some(why) = known.volatile_type(&word) {
                    self.class.add(Reason::VolatileType { name: name(), why: why.map(excerpt), at });
                }
            }
        }
    }

    /// Note a built-in function unless it is free to run anywhere.
    pub(super) fn builtin(&mut self, name: Name<'_>, class: Function, at: usize) {
        if !matches!(class, Function::Reads | Function::Harmless) {
            self.class.add(Reason::Function { name: excerpt(name.text), class, at });
        }
    }

    /// The name in lower case that is called before a parenthesis, if it may be a built-in function's.
    pub(crate) fn builtin_name(&self, chain: Chain) -> Option<String> {
        let own = chain.parts == 1 || (chain.parts == 2 && self.in_catalogue(chain));
        let name = Name::of(self.cursor.sql, chain.last).filter(|_| own)?;
        Some(if name.quoted { name.text.to_owned() } else { name.text.to_ascii_lowercase() })
    }

    fn in_catalogue(&self, chain: Chain) -> bool {
        Name::of(self.cursor.sql, chain.first).is_some_and(|schema| schema.is("pg_catalog"))
    }
}

/// A keyword that can name no function: `IN (`, `VALUES (`, `coalesce(`, `numeric(`.
fn is_syntax(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Keyword(keyword)
        if matches!(keyword.category(), Category::Reserved | Category::ColumnName))
}

/// Places where a name with a parenthesis is a type with modifiers, an alias with columns or a clause: no call can follow the
/// end of an operand, `::` or `AS`.
fn is_type_or_list(query: &Query, chain: Chain) -> bool {
    match chain.before {
        Some(TokenKind::Keyword(Keyword::As) | TokenKind::Cast | TokenKind::Name) => true,
        Some(TokenKind::String | TokenKind::BitString | TokenKind::Number | TokenKind::Parameter) => true,
        Some(TokenKind::Close | TokenKind::QuotedName | TokenKind::UnicodeName) => !chain.opens,
        Some(TokenKind::Keyword(keyword)) => {
            keyword.category() == Category::Unreserved && !introduces_expression(keyword)
                || matches!(query.frame.with, With::Named)
        }
        Some(TokenKind::Comma) => query.frame.with == With::Named,
        _ => false,
    }
}

/// Clauses that begin with an unreserved keyword and a parenthesis where an expression could begin as well.
fn is_clause(query: &Query, chain: Chain) -> bool {
    let TokenKind::Keyword(keyword) = chain.last.kind else { return false };
    let Some(TokenKind::Keyword(before)) = chain.before else {
        return matches!(keyword, Keyword::Rollup | Keyword::Cube) && query.frame.grouping;
    };
    match keyword {
        Keyword::By => matches!(before, Keyword::Order | Keyword::Group | Keyword::Partition),
        Keyword::Join => matches!(
            before,
            Keyword::Left
                | Keyword::Right
                | Keyword::Full
                | Keyword::Inner
                | Keyword::Cross
                | Keyword::Outer
                | Keyword::Natural
        ),
        Keyword::First | Keyword::Next => before == Keyword::Fetch,
        Keyword::Zone => before == Keyword::Time,
        Keyword::Varying => {
            matches!(before, Keyword::Character | Keyword::Char | Keyword::Nchar | Keyword::Bit)
        }
        Keyword::Second => before == Keyword::Interval,
        Keyword::Materialized => query.frame.with == With::As,
        Keyword::Rollup | Keyword::Cube => query.frame.grouping,
        _ => false,
    }
}

/// Unreserved keywords an expression may follow in some statement of PostgreSQL 14 to 18; behind any other unreserved keyword, which
/// then is a name or ends a clause, no call can stand.
const fn introduces_expression(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::By
            | Keyword::Call
            | Keyword::Content
            | Keyword::Document
            | Keyword::Escape
            | Keyword::Execute
            | Keyword::First
            | Keyword::Groups
            | Keyword::Key
            | Keyword::Next
            | Keyword::Passing
            | Keyword::Path
            | Keyword::Range
            | Keyword::Ref
            | Keyword::Return
            | Keyword::Returns
            | Keyword::Rows
            | Keyword::Set
            | Keyword::Value
            | Keyword::Version
            | Keyword::Zone
    )
}
