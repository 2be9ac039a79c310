//! The name of a relation.

use std::fmt;

use crate::keyword::{Category, Keyword};
use crate::lexer::Lexer;
use crate::token::{Token, TokenKind};

/// Names are cut to as many bytes by the server (its `NAMEDATALEN` less one).
const NAME_BYTES_MAX: usize = 63;

/// A relation as a text names it: quotes taken off, unquoted letters in lower case, and cut as the server cuts it, so that it compares
/// with what `pg_class.relname` and `pg_namespace.nspname` hold. Its [`Display`](fmt::Display) puts quotes back where they are needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelationName {
    schema: Option<Box<str>>,
    name: Box<str>,
}

impl RelationName {
    /// The schema, if the text gives one; otherwise `search_path` decides.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The name without its schema.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A name the catalogue holds.
    pub(crate) fn new(schema: Option<&str>, name: &str) -> Self {
        Self { schema: schema.map(Box::from), name: Box::from(name) }
    }

    /// The name all of `text` spells, as it stands in SQL, or `None` when it is no name of one to three parts. A database, the first of
    /// three, can only be the one the statement runs in.
    ///
    /// ```
    /// use forebay_sql::RelationName;
    ///
    /// let name = RelationName::parse("Shop.\"Orders\"").unwrap();
    /// assert_eq!((name.schema(), name.name()), (Some("shop"), "Orders"));
    /// assert!(RelationName::parse("two words").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut dotted = true;
        for token in Lexer::new(text).filter(|token| !token.is_trivia()) {
            match token.kind {
                TokenKind::Dot if !dotted => dotted = true,
                _ if dotted => {
                    parts.push(identifier(text, token)?);
                    dotted = false;
                }
                _ => return None,
            }
        }
        if dotted || parts.len() > 3 {
            return None;
        }
        let name = parts.pop()?;
        Some(Self { schema: parts.pop(), name })
    }

    /// The name, if it has no schema.
    pub(super) fn alone(&self) -> Option<&str> {
        self.schema.is_none().then_some(&*self.name)
    }
}

/// The identifier a word stands for.
pub(crate) fn identifier(sql: &str, token: Token) -> Option<Box<str>> {
    let text = token.text(sql);
    let mut name = match token.kind {
        TokenKind::Name | TokenKind::Keyword(_) => text.to_ascii_lowercase(),
        TokenKind::QuotedName => text[1..text.len() - 1].replace("\"\"", "\""),
        // With escapes it is another name.
        TokenKind::UnicodeName if text.contains('\\') => return None,
        TokenKind::UnicodeName => text[3..text.len() - 1].replace("\"\"", "\""),
        _ => return None,
    };
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    Some(name.into_boxed_str())
}

impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = self.schema() {
            part(f, schema)?;
            f.write_str(".")?;
        }
        part(f, self.name())
    }
}

/// A part of a name, in quotes unless it means the same without.
fn part(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
        && Keyword::find(name).is_none_or(|keyword| keyword.category() == Category::Unreserved);
    if plain { f.write_str(name) } else { write!(f, "\"{}\"", name.replace('"', "\"\"")) }
}
