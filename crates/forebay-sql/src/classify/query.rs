//! One statement that returns rows: `SELECT`, `WITH`, `VALUES`, `TABLE`, and the query inside `COPY` and `EXPLAIN`.

use super::Pass;
use super::frame::{Frame, Purpose, With};
use super::name::Name;
use crate::builtin::{Tied, function, is_builtin_operator, tied};
use crate::catalog::Verdict;
use crate::keyword::Keyword;
use crate::reason::{Reason, excerpt};
use crate::token::{Token, TokenKind};

/// What is remembered while walking a query. Parentheses are kept on a list of their own, so that depth costs no stack.
pub(crate) struct Query {
    /// The token before the current one.
    pub(crate) before: Option<TokenKind>,
    /// The name that ends at the token before the current one: `a`, `a.b`, `a.b.c`.
    pub(crate) chain: Chain,
    /// Whether the token before, a closing parenthesis or a quoted name, begins an operand instead of ending one.
    pub(super) opens: bool,
    /// The innermost parenthesis.
    pub(crate) frame: Frame,
    /// The ones around it.
    outer: Vec<Frame>,
    /// Whether a `WITH` list was seen: without one no other statement can hide in a query.
    with_seen: bool,
    /// Whether `SEARCH` or `CYCLE` was seen, behind which a statement begins after any word.
    cycle_seen: bool,
    /// Inside `COPY`, whose target follows at the outermost level.
    pub(super) copy: bool,
    /// Behind `COPY … TO STDOUT`: only options follow.
    options: bool,
}

/// A name of one or more parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    /// What stood before its first part.
    pub(crate) before: Option<TokenKind>,
    /// Whether what stood there begins an operand although it is a closing parenthesis or a quoted name.
    pub(super) opens: bool,
    pub(crate) first: Token,
    pub(crate) last: Token,
    pub(crate) parts: u32,
}

impl Query {
    pub(crate) fn new(at: usize) -> Self {
        let none = Token { kind: TokenKind::Space, start: at, end: at };
        Self {
            before: None,
            chain: Chain { before: None, opens: false, first: none, last: none, parts: 0 },
            opens: false,
            frame: Frame::default(),
            outer: Vec::new(),
            with_seen: false,
            cycle_seen: false,
            copy: false,
            options: false,
        }
    }

    /// What follows the word `before`.
    pub(crate) fn behind(before: TokenKind, at: usize) -> Self {
        Self { before: Some(before), ..Self::new(at) }
    }

    /// The query of `COPY`: any statement may stand in its parentheses.
    pub(crate) fn of_copy(at: usize) -> Self {
        Self { copy: true, with_seen: true, before: Some(TokenKind::Keyword(Keyword::Copy)), ..Self::new(at) }
    }

    /// Whether another statement can stand in the parentheses of this one.
    pub(crate) const fn holds_statements(&self) -> bool {
        self.with_seen
    }

    /// Whether only the options of a `COPY` follow.
    pub(crate) const fn is_in_options(&self) -> bool {
        self.options
    }

    /// A `WITH` list begins behind the current token.
    pub(crate) const fn begin_with_list(&mut self) {
        self.with_seen = true;
        self.frame.with = With::Name;
    }

    /// Extend the name that ends before `token`, or begin one with it.
    fn link(&mut self, token: Token) {
        if self.before == Some(TokenKind::Dot) && self.chain.parts > 0 {
            self.chain.parts += 1;
        } else {
            let parts = u32::from(self.before == Some(TokenKind::Dot)) + 1;
            self.chain = Chain { before: self.before, opens: self.opens, first: token, last: token, parts };
        }
        self.chain.last = token;
    }

    fn push(&mut self, frame: Frame) {
        self.outer.push(std::mem::replace(&mut self.frame, frame));
    }

    fn pop(&mut self) -> Purpose {
        std::mem::replace(&mut self.frame, self.outer.pop().unwrap_or_default()).purpose
    }
}

impl Pass<'_> {
    /// Walk a query from its token `first` to the end of its statement.
    pub(super) fn query(&mut self, query: &mut Query, first: Option<Token>) {
        if let Some(first) = first {
            self.token(query, first);
        }
        while let Some(token) = self.cursor.next_of_statement() {
            self.token(query, token);
        }
    }

    /// Take one token of a query further.
    pub(crate) fn token(&mut self, query: &mut Query, token: Token) {
        let mut opens = false;
        query.frame.step(token.kind);
        query.cycle_seen |= query.frame.with == With::Search;
        match token.kind {
            TokenKind::Keyword(keyword) => {
                query.link(token);
                self.keyword(query, keyword, token);
            }
            TokenKind::Name | TokenKind::QuotedName | TokenKind::UnicodeName => {
                query.link(token);
                self.word(query, token);
                // In XMLTABLE even a quoted "path" is the keyword, and an expression follows.
                opens =
                    Name::of(self.cursor.sql, token).is_some_and(|name| name.quoted && name.text == "path");
            }
            TokenKind::Open => {
                let purpose = self.open(query, token);
                query.push(Frame::of(purpose));
            }
            TokenKind::Close => {
                let purpose = query.pop();
                opens = matches!(purpose, Purpose::Operator | Purpose::DistinctOn);
                if purpose == Purpose::Operator {
                    self.named_operator(query, token);
                }
                if query.frame.with == With::As {
                    query.frame.with = With::Body;
                }
            }
            TokenKind::Operator if query.frame.purpose == Purpose::Operator => {
                let qualifier =
                    (query.chain.parts > 0 && query.before == Some(TokenKind::Dot)).then_some(query.chain);
                self.operator(token, qualifier.is_none_or(|chain| self.is_catalogue(chain)));
            }
            TokenKind::Operator => self.operator(token, true),
            _ => self.doubt(token),
        }
        query.opens = opens;
        // A name goes on only over a dot.
        if !matches!(
            token.kind,
            TokenKind::Dot
                | TokenKind::Name
                | TokenKind::Keyword(_)
                | TokenKind::QuotedName
                | TokenKind::UnicodeName
        ) {
            query.chain.parts = 0;
        }
        query.before = Some(token.kind);
    }

    fn keyword(&mut self, query: &mut Query, keyword: Keyword, token: Token) {
        // Behind a dot or AS every word is a plain name.
        if matches!(query.before, Some(TokenKind::Dot | TokenKind::Keyword(Keyword::As))) {
            return self.word(query, token);
        }
        match keyword {
            Keyword::Into => self.class.add(Reason::MakesTable { at: token.start }),
            Keyword::For => {
                if let Some(clause) = self.cursor.peek_keyword().and_then(lock_clause) {
                    self.class.add(Reason::LocksRows { clause, at: token.start });
                }
            }
            Keyword::With if matches!(query.before, None | Some(TokenKind::Open)) => {
                query.begin_with_list();
                return;
            }
            Keyword::Insert | Keyword::Update | Keyword::Delete | Keyword::Merge if query.with_seen => {
                self.hidden_statement(query, keyword, token);
            }
            Keyword::By if query.before == Some(TokenKind::Keyword(Keyword::Group)) => {
                query.frame.grouping = true;
            }
            Keyword::Having
            | Keyword::Window
            | Keyword::Order
            | Keyword::Union
            | Keyword::Limit
            | Keyword::Fetch => {
                query.frame.grouping = query.frame.purpose == Purpose::Grouping;
            }
            Keyword::From | Keyword::To if query.copy && query.outer.is_empty() => {
                self.copy_target(query, keyword, token);
            }
            _ => {}
        }
        self.word(query, token);
    }

    /// A name in whatever role; one that is called is judged at its parenthesis.
    fn word(&mut self, query: &mut Query, token: Token) {
        if token.kind == TokenKind::UnicodeName && self.is_escaped(token) {
            return self.not_understood(token);
        }
        let Some(name) = Name::of(self.cursor.sql, token) else { return };
        let at = token.start;
        let called = self.cursor.peek_kind() == Some(TokenKind::Open);
        if self.known.is_some() && !called {
            self.known_word(token, query.before);
        }
        if let Some(tied) = tied(name.text)
            && query.before != Some(TokenKind::Keyword(Keyword::As))
            // `last_value(…)` and `pg_stat_reset()` are calls; `COPY pg_locks (…)` names a view and its columns.
            && !(called && function(name.text, name.quoted).is_some())
        {
            let name = excerpt(name.text);
            self.class.add(match tied {
                Tied::Server => Reason::ServerView { name, at },
                Tied::Session => Reason::SessionView { name, at },
                Tied::Sequence => Reason::Sequence { name, at },
            });
        }
        // `('seq'::regclass).nextval` calls nextval.
        if query.before == Some(TokenKind::Dot)
            && !called
            && let Some(class) = function(name.text, name.quoted)
        {
            self.builtin(name, class, at);
        }
    }

    /// `INSERT`, `UPDATE`, `DELETE` or `MERGE` where a statement may begin inside a query.
    fn hidden_statement(&mut self, query: &Query, keyword: Keyword, token: Token) {
        let begins =
            query.cycle_seen || matches!(query.before, None | Some(TokenKind::Open | TokenKind::Close));
        if begins && self.goes_on(keyword) {
            self.class.add(Reason::Writes { verb: verb(keyword), at: token.start });
        }
    }

    /// Whether what comes next can follow `INSERT`, `UPDATE`, `DELETE` or `MERGE`.
    pub(crate) fn goes_on(&self, keyword: Keyword) -> bool {
        let next = self.cursor.peek_kind();
        match keyword {
            Keyword::Insert | Keyword::Merge => next == Some(TokenKind::Keyword(Keyword::Into)),
            Keyword::Delete => next == Some(TokenKind::Keyword(Keyword::From)),
            _ => next.is_some_and(is_word),
        }
    }

    /// `FROM` or `TO` of a `COPY`.
    fn copy_target(&mut self, query: &mut Query, keyword: Keyword, token: Token) {
        if query.options {
            return;
        }
        query.options = true;
        if keyword == Keyword::From {
            self.class.add(Reason::Writes { verb: "COPY FROM", at: token.start });
        } else if !matches!(self.cursor.peek_keyword(), Some(Keyword::Stdout | Keyword::Stdin)) {
            self.class.add(Reason::ServerFile { at: token.start });
        }
    }

    /// What an opening parenthesis is for, once a call before it was judged.
    fn open(&mut self, query: &mut Query, token: Token) -> Purpose {
        let called = query.before.is_some_and(is_word);
        if !called || query.options {
            return Purpose::Any;
        }
        let single = query.chain.parts == 1;
        match (query.before, query.chain.before) {
            (Some(TokenKind::Keyword(Keyword::On)), Some(TokenKind::Keyword(Keyword::Distinct))) => {
                Purpose::DistinctOn
            }
            (Some(TokenKind::Keyword(Keyword::Operator)), _) if single => Purpose::Operator,
            (Some(TokenKind::Keyword(Keyword::Sets)), Some(TokenKind::Keyword(Keyword::Grouping))) => {
                Purpose::Grouping
            }
            _ => {
                self.call(query, token);
                Purpose::Any
            }
        }
    }

    fn operator(&mut self, token: Token, catalogue: bool) {
        let (name, at) = (self.cursor.text(token), token.start);
        match self.known.and_then(|known| known.operator(name)) {
            Some(Verdict::Volatile(why)) => {
                let (name, why) = (excerpt(name), why.map(excerpt));
                self.class.add(Reason::VolatileOperator { name, why, at });
            }
            _ if catalogue && is_builtin_operator(name) => {}
            Some(_) => self.class.rest_on_catalog(),
            None => self.class.add(Reason::UnknownOperator { name: excerpt(name), at }),
        }
    }

    /// The end of `OPERATOR(…)`: with anything but an operator inside it was a function of that name.
    fn named_operator(&mut self, query: &Query, token: Token) {
        if query.before != Some(TokenKind::Operator) {
            self.class.add(Reason::UnknownFunction { name: excerpt("operator"), at: token.start });
        }
    }

    fn is_catalogue(&self, chain: Chain) -> bool {
        chain.parts == 1 && Name::of(self.cursor.sql, chain.first).is_some_and(|name| name.is("pg_catalog"))
    }

    /// Whether a `U&"…"` name is written with escapes, its own or those of a UESCAPE.
    fn is_escaped(&self, token: Token) -> bool {
        self.cursor.text(token).contains('\\') || self.cursor.peek_keyword() == Some(Keyword::Uescape)
    }

    pub(super) fn not_understood(&mut self, token: Token) {
        self.class.add(Reason::NotUnderstood { text: excerpt(self.cursor.text(token)), at: token.start });
    }
}

/// Whether a token may be a name, or part of one.
pub(crate) const fn is_word(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Name | TokenKind::Keyword(_) | TokenKind::QuotedName | TokenKind::UnicodeName)
}

/// The lock clause whose second word is `keyword`.
const fn lock_clause(keyword: Keyword) -> Option<&'static str> {
    Some(match keyword {
        Keyword::Update => "FOR UPDATE",
        Keyword::Share => "FOR SHARE",
        Keyword::No => "FOR NO KEY UPDATE",
        Keyword::Key => "FOR KEY SHARE",
        _ => return None,
    })
}

const fn verb(keyword: Keyword) -> &'static str {
    match keyword {
        Keyword::Insert => "INSERT",
        Keyword::Update => "UPDATE",
        Keyword::Delete => "DELETE",
        _ => "MERGE",
    }
}
