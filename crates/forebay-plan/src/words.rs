//! One statement as the words the server's grammar sees.

use forebay_sql::{Category, Keyword, Lexer, Token, TokenKind};
use std::ops::Range;

/// The words of one statement, without white space, comments and the semicolon behind it.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    /// How many parentheses are open around each; those of a pair have the depth around the pair.
    depths: Vec<usize>,
}

impl<'a> Words<'a> {
    /// `None` for several statements in one text, and for text that is not understood.
    pub(crate) fn of(sql: &'a str) -> Option<Self> {
        let mut tokens: Vec<Token> = Lexer::new(sql).filter(|token| !token.is_trivia()).collect();
        while tokens.last().is_some_and(|token| token.kind == TokenKind::Semicolon) {
            tokens.pop();
        }
        let odd = |token: &Token| {
            matches!(token.kind, TokenKind::Semicolon | TokenKind::Unterminated(_) | TokenKind::Unknown)
        };
        if tokens.is_empty() || tokens.iter().any(odd) {
            return None;
        }
        let mut depths = Vec::with_capacity(tokens.len());
        let mut depth = 0_usize;
        for token in &tokens {
            let closes = token.kind == TokenKind::Close || token.text(sql) == "]";
            depth = if closes { depth.checked_sub(1)? } else { depth };
            depths.push(depth);
            depth += usize::from(token.kind == TokenKind::Open || token.text(sql) == "[");
        }
        (depth == 0).then_some(Self { sql, tokens, depths })
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The word as it is written; empty behind the end.
    pub(crate) fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text(self.sql))
    }

    /// The statement from the first of these words to the last, as it is written.
    pub(crate) fn span(&self, words: Range<usize>) -> &'a str {
        match (self.tokens.get(words.start), words.end.checked_sub(1).and_then(|last| self.tokens.get(last)))
        {
            (Some(first), Some(last)) if words.start < words.end => &self.sql[first.start..last.end],
            _ => "",
        }
    }

    /// The statement with these words written otherwise, and all else as it is.
    pub(crate) fn with(&self, words: Range<usize>, text: &str) -> String {
        let start = self.tokens.get(words.start).map_or(self.sql.len(), |token| token.start);
        let end =
            words.end.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |token| token.end);
        format!("{}{text}{}", &self.sql[..start], &self.sql[end..])
    }

    /// Whether anything stands between a word and the one before it.
    #[cfg(feature = "pool")]
    pub(crate) fn is_apart(&self, at: usize) -> bool {
        match (at.checked_sub(1).and_then(|before| self.tokens.get(before)), self.tokens.get(at)) {
            (Some(before), Some(token)) => before.end < token.start,
            _ => false,
        }
    }

    pub(crate) fn depth(&self, at: usize) -> usize {
        self.depths.get(at).copied().unwrap_or(0)
    }

    pub(crate) fn is(&self, at: usize, keyword: Keyword) -> bool {
        self.kind(at) == Some(TokenKind::Keyword(keyword))
    }

    pub(crate) fn is_any(&self, at: usize, keywords: &[Keyword]) -> bool {
        matches!(self.kind(at), Some(TokenKind::Keyword(keyword)) if keywords.contains(&keyword))
    }

    pub(crate) fn is_operator(&self, at: usize, operator: &str) -> bool {
        self.kind(at) == Some(TokenKind::Operator) && self.text(at) == operator
    }

    /// The name that stands there, as the server folds it.
    pub(crate) fn name(&self, at: usize) -> Option<String> {
        let text = self.text(at);
        match self.kind(at)? {
            TokenKind::Name => Some(text.to_ascii_lowercase()),
            TokenKind::QuotedName => Some(text[1..text.len() - 1].replace("\"\"", "\"")),
            TokenKind::Keyword(keyword) if keyword.category() != Category::Reserved => {
                Some(keyword.text().to_owned())
            }
            _ => None,
        }
    }

    /// Where the (qualified) name that ends at `last` begins.
    pub(crate) fn start_of_name(&self, last: usize) -> usize {
        let mut first = last;
        while first >= 2 && self.kind(first - 1) == Some(TokenKind::Dot) && self.name(first - 2).is_some() {
            first -= 2;
        }
        first
    }

    /// The first of these keywords outside of all parentheses, at `from` or later, where it is not a name.
    pub(crate) fn outside(&self, from: usize, keywords: &[Keyword]) -> Option<usize> {
        (from..self.len()).find(|&at| self.depth(at) == 0 && self.is_any(at, keywords) && !self.is_label(at))
    }

    /// Behind `AS` or a dot every keyword is a name, and the `FROM` of `IS DISTINCT FROM` begins nothing.
    fn is_label(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        self.is(before, Keyword::As)
            || self.kind(before) == Some(TokenKind::Dot)
            || (self.is(at, Keyword::From) && self.is(before, Keyword::Distinct))
    }

    /// The parenthesis (or bracket) that the word at `at` stands in.
    #[cfg(feature = "pool")]
    pub(crate) fn opened_by(&self, at: usize) -> Option<usize> {
        let depth = self.depth(at).checked_sub(1)?;
        (0..at).rev().find(|&before| self.depth(before) == depth)
    }

    /// The parenthesis that closes the one at `open`.
    pub(crate) fn closed_by(&self, open: usize) -> Option<usize> {
        (open + 1..self.len()).find(|&at| self.depth(at) == self.depth(open))
    }
}
