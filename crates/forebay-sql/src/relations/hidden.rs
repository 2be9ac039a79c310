//! Why the text does not show all it touches.

use std::error::Error;
use std::fmt;

use super::Relations;
use crate::reason::Reason;

/// Part of what a text reads or writes is not in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKnown {
    hidden: Hidden,
    seen: Relations,
}

impl NotKnown {
    pub(super) fn new(hidden: Hidden, seen: Relations) -> Self {
        Self { hidden, seen }
    }

    /// The first thing in the text that hides something.
    #[must_use]
    pub const fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// What the text names all the same: it is touched, but maybe not all that is.
    #[must_use]
    pub const fn seen(&self) -> &Relations {
        &self.seen
    }

    /// Whether a server refuses the text as a whole, so that it touches nothing.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.hidden, Hidden::Text(Reason::Unterminated { .. }))
    }
}

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hidden.fmt(f)
    }
}

impl Error for NotKnown {}

/// What hides a relation from whoever reads the text. `at` is the byte offset of the word it names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the offset and the name the variant speaks of")]
pub enum Hidden {
    /// A function or operator that is none of PostgreSQL's own, one that runs SQL given as text, or text that is not understood: the
    /// reason is the classifier's.
    Text(Reason),
    /// A built-in function reaches relations by their names, and its argument is no literal that gives one: `nextval($1)`,
    /// `database_to_xml(…)`, `lo_put(…)`.
    Argument { function: Box<str>, at: usize },
    /// `DO`, `CALL`, `EXECUTE`, `FETCH`, `MOVE`, `LOAD`: what they run stands elsewhere.
    Elsewhere { verb: &'static str, at: usize },
    /// A definition (`CREATE`, `ALTER`, `DROP`, `GRANT` and the like): what names stand for changes.
    Definition { verb: &'static str, at: usize },
    /// `TRUNCATE … CASCADE` empties the tables that refer to those it names.
    Cascade { at: usize },
}

impl Hidden {
    /// The byte offset in the text.
    #[must_use]
    pub const fn at(&self) -> usize {
        match self {
            Self::Text(reason) => reason.at(),
            Self::Argument { at, .. }
            | Self::Elsewhere { at, .. }
            | Self::Definition { at, .. }
            | Self::Cascade { at } => *at,
        }
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(reason) => reason.fmt(f),
            Self::Argument { function, .. } => write!(f, "{function}() reaches what its argument names"),
            Self::Elsewhere { verb, .. } => write!(f, "{verb} runs what the text does not show"),
            Self::Definition { verb, .. } => write!(f, "{verb} changes what names stand for"),
            Self::Cascade { .. } => f.write_str("CASCADE reaches tables the text does not name"),
        }
    }
}
