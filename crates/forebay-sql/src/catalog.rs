//! What only the catalogue knows: a snapshot of one database's own functions, operators, types and relations, without I/O.

mod allow;
mod builder;
mod known;
mod overloads;
pub mod queries;

pub use allow::AllowList;
pub use builder::CatalogBuilder;
use known::Bound;
pub(crate) use known::{Known, Verdict};
use overloads::Overloads;

use crate::class::Class;
use crate::classify::judge;
use crate::reason::{Reason, excerpt};
use crate::relations::{RelationName, identifier, relations};

/// How much a function may do, as `pg_proc.provolatile` has it. The greatest of all overloads of a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Volatility {
    /// Only its arguments decide what it answers.
    Immutable,
    /// It reads, within one statement always the same.
    Stable,
    /// It may do anything.
    Volatile,
}

impl Volatility {
    /// The volatility `pg_proc.provolatile` means; an unknown letter is the worst.
    #[must_use]
    pub const fn of(letter: char) -> Self {
        match letter {
            'i' => Self::Immutable,
            's' => Self::Stable,
            _ => Self::Volatile,
        }
    }
}

/// Why a relation is not read on any server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tie {
    /// An unlogged table, which a standby cannot read.
    Unlogged,
    /// A foreign table: what its server does is unknown.
    Foreign,
    /// A sequence, which runs ahead on a standby.
    Sequence,
    /// A view that calls, or reads from, what is not proven to only read.
    View,
    /// A table with a row security policy that calls what is not proven to only read.
    Policy,
}

impl Tie {
    /// The relation in words, for messages.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Unlogged => "is an unlogged table",
            Self::Foreign => "is a foreign table",
            Self::Sequence => "is a sequence",
            Self::View => "is a view that may do more than read",
            Self::Policy => "has a row security policy that may do more than read",
        }
    }
}

/// A snapshot of what a database has beside `pg_catalog`. It is made by [`Catalog::builder`], from whatever source; [`catalog_queries`](queries) has the
/// statements that ask a server.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The server's major version; 0 if none was told.
    major: u8,
    functions: Overloads<Volatility>,
    operators: Overloads<Volatility>,
    types: Overloads<()>,
    relations: Overloads<Tie>,
}

impl Catalog {
    /// An empty snapshot of a server of this major version (15 for 15.4), whose built-in functions are those of that version.
    #[must_use]
    pub fn builder(major: u8) -> CatalogBuilder {
        CatalogBuilder::new(major)
    }

    /// The same without its proofs: what is known against a function, an operator, a type or a relation stays, and everything else is
    /// not known. For a snapshot that may be out of date.
    #[must_use]
    pub fn without_proofs(&self) -> Self {
        Self {
            functions: self.functions.clone().from(Volatility::Volatile),
            operators: self.operators.clone().from(Volatility::Volatile),
            ..self.clone()
        }
    }
}

/// Decide as [`classify`](crate::classify) does, with what the catalogue knows and what the application says.
///
/// A function or operator of the database's own is proven when no overload of its name is volatile in the schemas of `search_path`, or in
/// the schema the text names. Reasons are added for overloads of built-in names that are volatile, for `t.fn` that may call such a
/// function, for types whose casts or checks are, and for relations that have a [`Tie`]. The lists of `allow` outrank both.
///
/// Without a `search_path` (it is not known, or may have been changed) no name without a schema is proven, and what is known against
/// such a name counts in whichever schema it is. Schemas that are too many are harmless: they can only add reasons.
///
/// ```
/// use forebay_sql::{AllowList, Catalog, Kind, Tie, Volatility, classify_with};
///
/// let catalog = Catalog::builder(15)
///     .function("public", "full_name", Volatility::Stable)
///     .function("public", "next_number", Volatility::Volatile)
///     .relation("public", "scratch", Tie::Unlogged)
///     .view("public", "numbered", "SELECT public.next_number() AS n")
///     .build();
/// let allow = AllowList::default();
/// let class = |sql| classify_with(sql, &catalog, Some(&["public"]), &allow);
///
/// assert_eq!(class("SELECT full_name(id) FROM users").kind(), Kind::Read);
/// assert_eq!(class("SELECT next_number()").kind(), Kind::Unproven);
/// let why = class("SELECT * FROM numbered").reasons()[0].to_string();
/// assert_eq!(why, "numbered is a view that may do more than read (public.next_number() is volatile)");
/// assert_eq!(class("SELECT * FROM scratch").kind(), Kind::Unproven);
///
/// let allow = AllowList::default().read_only_functions(["next_number"]).primary_tables(["users"]);
/// let class = |sql| classify_with(sql, &catalog, Some(&["public"]), &allow);
/// assert_eq!(class("SELECT next_number()").kind(), Kind::Read);
/// assert_eq!(class("SELECT * FROM users").kind(), Kind::Unproven);
/// ```
#[must_use]
pub fn classify_with(sql: &str, catalog: &Catalog, search_path: Option<&[&str]>, allow: &AllowList) -> Class {
    let known = Known { catalog, search_path, allow };
    let mut class = judge(sql, Some(&known));
    let found = relations(sql);
    let seen = found.as_ref().unwrap_or_else(|not_known| not_known.seen());
    for name in seen.reads().iter().chain(seen.writes()) {
        if let Some(bound) = known.relation(name) {
            let (at, name) = (place(sql, name), excerpt(&name.to_string()));
            class.add(match bound {
                Bound::Tied(tie, why) => Reason::Relation { name, tie, why: why.map(excerpt), at },
                Bound::Listed => Reason::Listed { name, at },
            });
        }
    }
    class
}

/// Where a relation's name first stands in a text that has it.
fn place(sql: &str, name: &RelationName) -> usize {
    let mut tokens = crate::lexer::Lexer::new(sql);
    let token = tokens.find(|token| identifier(sql, *token).is_some_and(|word| *word == *name.name()));
    token.map_or(0, |token| token.start)
}
