//! What is known while one text is judged.

use super::overloads::There;
use super::{AllowList, Catalog, Tie, Volatility};
use crate::builtin::{Function, find_in};
use crate::relations::RelationName;

/// A snapshot, the path that finds names without a schema in it, and what the application says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(super) catalog: &'a Catalog,
    /// `None`: it is not known, so nothing without a schema is proven, and what is against a name in any schema counts.
    pub(super) search_path: Option<&'a [&'a str]>,
    pub(super) allow: &'a AllowList,
}

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// The application says that it only reads.
    Allowed,
    /// The application wants it on the primary.
    Listed,
    /// An overload of it is volatile; which one, if that is known.
    Volatile(Option<&'a str>),
    /// It is there, and no overload of it is volatile.
    Proven,
}

/// Why a relation is the primary's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound<'a> {
    Listed,
    Tied(Tie, Option<&'a str>),
}

impl<'a> Known<'a> {
    /// A function of the database's own.
    pub(crate) fn function(&self, schema: Option<&str>, name: &str) -> Option<Verdict<'a>> {
        match self.allow.function(schema, name, self.search_path) {
            Some(true) => return Some(Verdict::Allowed),
            Some(false) => return Some(Verdict::Listed),
            None => {}
        }
        let functions = &self.catalog.functions;
        match (schema, self.search_path) {
            (None, None) => functions.anywhere(name).map(verdict).filter(|found| *found != Verdict::Proven),
            (schema, path) => functions.find(schema, name, path.unwrap_or_default()).map(verdict),
        }
    }

    /// A built-in function of the server's version.
    pub(crate) fn builtin(&self, name: &str, quoted: bool) -> Option<Function> {
        find_in(name, quoted, if self.catalog.major == 0 { u8::MAX } else { self.catalog.major })
    }

    /// An operator of the database's own, in any schema.
    pub(crate) fn operator(&self, name: &str) -> Option<Verdict<'a>> {
        self.catalog.operators.anywhere(name).map(verdict)
    }

    /// What makes a type of this name volatile, in any schema, if anything does.
    pub(crate) fn volatile_type(&self, name: &str) -> Option<Option<&'a str>> {
        self.catalog.types.anywhere(name).map(|there| there.why.as_deref())
    }

    /// Why a relation is the primary's: the application's list, or its tie.
    pub(super) fn relation(&self, name: &RelationName) -> Option<Bound<'a>> {
        if self.allow.is_primary_table(name, self.search_path) {
            return Some(Bound::Listed);
        }
        let relations = &self.catalog.relations;
        let there = match (name.schema(), self.search_path) {
            (None, None) => relations.anywhere(name.name()),
            (schema, path) => relations.find(schema, name.name(), path.unwrap_or_default()),
        }?;
        Some(Bound::Tied(there.what, there.why.as_deref()))
    }
}

fn verdict(there: &There<Volatility>) -> Verdict<'_> {
    if there.what == Volatility::Volatile { Verdict::Volatile(there.why.as_deref()) } else { Verdict::Proven }
}
