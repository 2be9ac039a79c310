//! What the lexer hands out: kinds of tokens and where they stand in the text.

use crate::keyword::Keyword;

/// What a token is, by PostgreSQL's lexical rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blanks, tabs, line ends, form feeds.
    Space,
    /// `-- …` up to the end of its line.
    LineComment,
    /// `/* … */`, nested as PostgreSQL nests them.
    BlockComment,
    /// An unquoted name that is no keyword.
    Name,
    /// An unquoted word that is a keyword in PostgreSQL 14 to 18 (many keywords may still be names).
    Keyword(Keyword),
    /// `"…"`.
    QuotedName,
    /// `U&"…"`.
    UnicodeName,
    /// `'…'`, `E'…'`, `N'…'`, `U&'…'` and `$tag$…$tag$`, with the parts that continue it on later lines.
    String,
    /// `B'…'` and `X'…'`.
    BitString,
    /// An integer or a decimal number in any notation, without a sign.
    Number,
    /// `$1`.
    Parameter,
    /// An operator, one character or more. `<`, `=`, `*` and the like are operators; `:=`, `..` and `=>` are [`TokenKind::Mark`]s.
    Operator,
    /// `::`
    Cast,
    /// `:`, `:=`, `..`, `=>`, `[` and `]`.
    Mark,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `;`
    Semicolon,
    /// `(`
    Open,
    /// `)`
    Close,
    /// Something that begins and never ends: it runs to the end of the text.
    Unterminated(Unterminated),
    /// Text that no rule of PostgreSQL's lexer matches in every version, such as `\` or `1abc`.
    Unknown,
}

/// What was never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unterminated {
    /// A quoted string of any kind.
    String,
    /// A `$tag$` string.
    DollarString,
    /// A quoted name.
    Name,
    /// A block comment.
    Comment,
}

impl Unterminated {
    /// The thing in words, for messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "quoted string",
            Self::DollarString => "dollar-quoted string",
            Self::Name => "quoted name",
            Self::Comment => "comment",
        }
    }
}

/// One token: its kind and the bytes `start..end` of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// The offset of its first byte.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
}

impl Token {
    /// The token's text.
    ///
    /// # Panics
    ///
    /// Never for the text the token came from; a span that does not fit another text panics.
    #[must_use]
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.start..self.end]
    }

    /// Whether it is a string that ends elsewhere on a server whose `standard_conforming_strings` is off: one of the kinds without an
    /// `E` or dollars, with a backslash before a quote. `U&'…'` is none of them: such a server refuses it.
    #[must_use]
    pub(crate) fn depends_on_standard_strings(&self, sql: &str) -> bool {
        if self.kind != TokenKind::String {
            return false;
        }
        let text = self.text(sql).as_bytes();
        if !matches!(text[0], b'\'' | b'n' | b'N') || memchr::memchr(b'\\', text).is_none() {
            return false;
        }
        let mut escaped = false;
        // Where a backslash takes the next character with it.
        text.iter().any(|&byte| {
            let taken = escaped;
            escaped = byte == b'\\' && !taken;
            taken && byte == b'\''
        })
    }

    /// Whether the server's grammar never sees it: white space and comments.
    #[must_use]
    pub const fn is_trivia(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::LineComment | TokenKind::BlockComment)
    }
}
