//! PostgreSQL's keywords and what each may be used for.

use crate::names::Names;

mod list;

pub use list::Keyword;

/// Where a keyword may also be a plain name (PostgreSQL's documentation, appendix "SQL Key Words").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// May name anything.
    Unreserved,
    /// May name a column or table, never a function or type.
    ColumnName,
    /// May name a function or type, never a column or table.
    TypeOrFunction,
    /// May name nothing unless quoted or behind `AS` or a dot.
    Reserved,
}

macro_rules! keywords {
    ($($variant:ident $text:literal $category:ident,)*) => {
        /// A keyword of PostgreSQL 14 to 18.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        #[expect(missing_docs, reason = "each variant is the word it is named after")]
        pub enum Keyword { $($variant),* }

        impl Keyword {
            pub(super) const ALL: &[Self] = &[$(Self::$variant),*];
            pub(super) const TEXTS: &[&str] = &[$($text),*];
            pub(super) const CATEGORIES: &[super::Category] = &[$(super::Category::$category),*];
        }
    };
}
use keywords;

static TABLE: Names<2048> = Names::index(Keyword::TEXTS);

impl Keyword {
    /// The keyword `word` is in any case, or none.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        // The longest keyword has 17 letters.
        if word.len() > 17 {
            return None;
        }
        TABLE.find_folded(Self::TEXTS, word).map(|at| Self::ALL[at])
    }

    /// The word in lower case.
    #[must_use]
    pub const fn text(self) -> &'static str {
        Self::TEXTS[self as usize]
    }

    /// What it may be used for.
    #[must_use]
    pub const fn category(self) -> Category {
        Self::CATEGORIES[self as usize]
    }
}
