//! A part of an expression, by its tokens.

use forebay_sql::{Category, Keyword, Lexer, Token, TokenKind};

/// An expression and its tokens.
#[derive(Debug)]
pub(crate) struct Pieces<'a> {
    text: &'a str,
    tokens: Vec<Token>,
}

impl<'a> Pieces<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, tokens: Lexer::new(text).filter(|token| !token.is_trivia()).collect() }
    }

    pub(crate) fn whole(&self) -> Piece<'_> {
        Piece { text: self.text, tokens: &self.tokens }
    }
}

/// Some neighbouring tokens of an expression.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl<'a> Piece<'a> {
    pub(crate) fn is_empty(self) -> bool {
        self.tokens.is_empty()
    }

    /// The text from the first token to the last.
    pub(crate) fn shown(self) -> &'a str {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => &self.text[first.start..last.end],
            _ => "",
        }
    }

    pub(crate) fn kinds(self) -> impl Iterator<Item = TokenKind> {
        self.tokens.iter().map(|token| token.kind)
    }

    fn part(self, from: usize, to: usize) -> Self {
        Self { tokens: &self.tokens[from..to], ..self }
    }

    fn is_word(self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            matches!(token.kind, TokenKind::Keyword(_) | TokenKind::Name)
                && token.text(self.text).eq_ignore_ascii_case(word)
        })
    }

    /// The tokens with how many parentheses and brackets are open around each.
    fn depths(self) -> impl Iterator<Item = (usize, usize, &'a Token)> {
        let mut depth = 0_usize;
        let text = self.text;
        self.tokens.iter().enumerate().map(move |(at, token)| {
            let mark = token.kind == TokenKind::Mark;
            if token.kind == TokenKind::Close || (mark && token.text(text) == "]") {
                depth = depth.saturating_sub(1);
            }
            let here = depth;
            if token.kind == TokenKind::Open || (mark && token.text(text) == "[") {
                depth += 1;
            }
            (at, here, token)
        })
    }

    /// Without parentheses around the whole.
    pub(crate) fn unwrapped(self) -> Self {
        let mut piece = self;
        loop {
            let wraps = piece.tokens.first().is_some_and(|token| token.kind == TokenKind::Open)
                && piece.depths().skip(1).find(|(_, depth, _)| *depth == 0).is_some_and(|(at, _, token)| {
                    token.kind == TokenKind::Close && at + 1 == piece.tokens.len()
                });
            if !wraps {
                return piece;
            }
            piece = piece.part(1, piece.tokens.len() - 1);
        }
    }

    /// The parts between a word that stands outside of parentheses and of `CASE`.
    pub(crate) fn split(self, word: &str) -> Vec<Self> {
        let mut parts = Vec::new();
        let (mut from, mut cases) = (0, 0_usize);
        for (at, depth, _) in self.depths() {
            if depth > 0 {
                continue;
            }
            if self.is_word(at, "CASE") {
                cases += 1;
            } else if self.is_word(at, "END") {
                cases = cases.saturating_sub(1);
            } else if cases == 0 && self.is_word(at, word) {
                parts.push(self.part(from, at));
                from = at + 1;
            }
        }
        parts.push(self.part(from, self.tokens.len()));
        parts
    }

    /// What stands behind a first word.
    pub(crate) fn after(self, word: &str) -> Option<Self> {
        self.is_word(0, word).then(|| self.part(1, self.tokens.len()))
    }

    /// What stands before a last word.
    pub(crate) fn before(self, word: &str) -> Option<Self> {
        let last = self.tokens.len().checked_sub(1)?;
        self.is_word(last, word).then(|| self.part(0, last))
    }

    pub(crate) fn has(self, word: &str) -> bool {
        (0..self.tokens.len()).any(|at| self.is_word(at, word))
    }

    /// Whether it is only known when the statement runs.
    pub(crate) fn has_parameter(self) -> bool {
        self.kinds().any(|kind| kind == TokenKind::Parameter) || self.has("SubPlan") || self.has("InitPlan")
    }

    /// `… IS NULL`, `… IS NOT NULL`
    pub(crate) fn null_test(self) -> Option<(Self, bool)> {
        let rest = self.before("NULL")?;
        match rest.before("IS") {
            Some(rest) => Some((rest, true)),
            None => Some((rest.before("NOT")?.before("IS")?, false)),
        }
    }

    /// The one operator outside of parentheses, and what stands on both sides.
    pub(crate) fn comparison(self) -> Option<(Self, &'a str, Self)> {
        let mut operators = self
            .depths()
            .filter(|(_, depth, token)| *depth == 0 && token.kind == TokenKind::Operator)
            .map(|(at, _, token)| (at, token.text(self.text)));
        let (at, operator) = operators.next()?;
        let (left, right) = (self.part(0, at), self.part(at + 1, self.tokens.len()));
        let one = operators.next().is_none() && !left.is_empty() && !right.is_empty();
        (one && !self.has("CASE") && !self.has("DISTINCT")).then_some((left, operator, right))
    }

    /// Without a cast of the whole, and the type of that cast.
    pub(crate) fn without_cast(self) -> (Self, Option<String>) {
        let casts = self.depths().filter(|(_, depth, token)| *depth == 0 && token.kind == TokenKind::Cast);
        let first = casts.map(|(at, ..)| at).next();
        let other = self.depths().any(|(_, depth, token)| {
            depth == 0 && matches!(token.kind, TokenKind::Operator | TokenKind::Comma)
        });
        match first.filter(|at| *at > 0 && !other) {
            Some(at) => {
                let kind = self.part(at + 1, self.tokens.len()).shown().to_owned();
                (self.part(0, at), Some(kind))
            }
            None => (self, None),
        }
    }

    /// Where columns are named: the place of the relation's name, and both names.
    fn references(self, is_alias: &dyn Fn(&str) -> bool) -> Vec<(usize, String, String)> {
        let name = |at: usize| identifier(self.tokens.get(at)?, self.text);
        let kind = |at: usize| self.tokens.get(at).map(|token| token.kind);
        let starts = (0..self.tokens.len()).filter(|&at| {
            kind(at + 1) == Some(TokenKind::Dot)
                && !matches!(kind(at + 3), Some(TokenKind::Dot | TokenKind::Open))
                && (at == 0 || kind(at - 1) != Some(TokenKind::Dot))
        });
        let named = starts.filter_map(|at| Some((at, name(at)?, name(at + 2)?)));
        named.filter(|(_, alias, _)| is_alias(alias)).collect()
    }

    /// Relation and column, when it is nothing else.
    pub(crate) fn column(self, is_alias: &dyn Fn(&str) -> bool) -> Option<(String, String)> {
        let (_, alias, column) = self.references(is_alias).into_iter().next()?;
        (self.tokens.len() == 3).then_some((alias, column))
    }

    /// Every column it names.
    pub(crate) fn columns(self, is_alias: &dyn Fn(&str) -> bool) -> Vec<(String, String)> {
        self.references(is_alias).into_iter().map(|(_, alias, column)| (alias, column)).collect()
    }

    /// The relations it names, each once.
    pub(crate) fn aliases(self, is_alias: &dyn Fn(&str) -> bool) -> Vec<String> {
        let mut aliases: Vec<String> =
            self.references(is_alias).into_iter().map(|(_, alias, _)| alias).collect();
        aliases.sort_unstable();
        aliases.dedup();
        aliases
    }

    /// The text, with a relation's name before each column.
    pub(crate) fn with_alias(self, alias: &str, is_column: &dyn Fn(&str) -> bool) -> String {
        let Some(first) = self.tokens.first() else { return String::new() };
        let kind = |at: usize| self.tokens.get(at).map(|token| token.kind);
        let mut text = String::new();
        let mut from = first.start;
        for (at, token) in self.tokens.iter().enumerate() {
            let follows = at > 0 && matches!(kind(at - 1), Some(TokenKind::Dot | TokenKind::Cast));
            let calls = matches!(kind(at + 1), Some(TokenKind::Open | TokenKind::Dot));
            if !follows && !calls && identifier(token, self.text).is_some_and(|name| is_column(&name)) {
                text.push_str(&self.text[from..token.start]);
                text.push_str(&format!("{}.", quoted(alias)));
                from = token.start;
            }
        }
        text.push_str(&self.text[from..self.tokens[self.tokens.len() - 1].end]);
        text
    }

    /// The text, with columns of a relation spelled without its name.
    pub(crate) fn without_alias(self, alias: &str) -> String {
        let Some(first) = self.tokens.first() else { return String::new() };
        let mut text = String::new();
        let mut from = first.start;
        for (at, ..) in self.references(&|name| name == alias) {
            text.push_str(&self.text[from..self.tokens[at].start]);
            from = self.tokens[at + 2].start;
        }
        text.push_str(&self.text[from..self.tokens[self.tokens.len() - 1].end]);
        text
    }
}

/// The name a token stands for, without quotes.
pub(crate) fn identifier(token: &Token, text: &str) -> Option<String> {
    let word = token.text(text);
    match token.kind {
        TokenKind::Name | TokenKind::Keyword(_) => Some(word.to_lowercase()),
        TokenKind::QuotedName => Some(word[1..word.len() - 1].replace("\"\"", "\"")),
        _ => None,
    }
}

/// A name as the server spells it.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
        && Keyword::find(name).is_none_or(|word| word.category() == Category::Unreserved);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
