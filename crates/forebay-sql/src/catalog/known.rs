//! What is known while one text is judged.

use super::{AllowList, Catalog, Tie, Volatility};
use crate::builtin::{Function, find_in};
use crate::relations::RelationName;

/// A snapshot, the path that finds names without a schema in it, and what the application says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) search_path: &'a [&'a str],
    pub(super) allow: &'a AllowList,
}

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The application says that it only reads.
    Allowed,
    /// The application wants it on the primary.
    Listed,
    /// An overload of it is volatile.
    Volatile,
    /// It is there, and no overload of it is volatile.
    Proven,
}

impl Known<'_> {
    /// A function of the database's own.
    pub(crate) fn function(&self, schema: Option<&str>, name: &str) -> Option<Verdict> {
        match self.allow.function(schema, name, self.search_path) {
            Some(true) => return Some(Verdict::Allowed),
            Some(false) => return Some(Verdict::Listed),
            None => {}
        }
        self.catalog.functions.find(schema, name, self.search_path).map(verdict)
    }

    /// A built-in function of the server's version.
    pub(crate) fn builtin(&self, name: &str, quoted: bool) -> Option<Function> {
        find_in(name, quoted, if self.catalog.major == 0 { u8::MAX } else { self.catalog.major })
    }

    /// An operator of the database's own, in any schema.
    pub(crate) fn operator(&self, name: &str) -> Option<Verdict> {
        self.catalog.operators.anywhere(name).map(verdict)
    }

    /// Whether a type of this name has volatile casts or checks, in any schema.
    pub(crate) fn is_volatile_type(&self, name: &str) -> bool {
        self.catalog.types.anywhere(name).is_some()
    }

    /// Why a relation is the primary's: its tie, or the application's list.
    pub(super) fn relation(&self, name: &RelationName) -> Option<Option<Tie>> {
        if self.allow.is_primary_table(name, self.search_path) {
            return Some(None);
        }
        self.catalog.relations.find(name.schema(), name.name(), self.search_path).map(Some)
    }
}

fn verdict(volatility: Volatility) -> Verdict {
    if volatility == Volatility::Volatile { Verdict::Volatile } else { Verdict::Proven }
}
