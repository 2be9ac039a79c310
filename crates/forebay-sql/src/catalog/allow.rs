//! What the application says itself.

use std::collections::HashSet;

use crate::relations::RelationName;

/// What the application knows better than text and catalogue. Names are written as in SQL; one without a schema counts in every schema,
/// one with a schema for calls that name it and for calls without a schema when `search_path` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    read_only_functions: HashSet<RelationName>,
    primary_functions: HashSet<RelationName>,
    primary_tables: HashSet<RelationName>,
}

impl AllowList {
    /// A function that only reads, whatever the catalogue says. A name that is none is left out. Default: none.
    #[must_use]
    pub fn read_only_function(mut self, name: &str) -> Self {
        self.read_only_functions.extend(RelationName::of(name));
        self
    }

    /// A function that is only called on the primary. A name that is none is left out. Default: none.
    #[must_use]
    pub fn primary_function(mut self, name: &str) -> Self {
        self.primary_functions.extend(RelationName::of(name));
        self
    }

    /// A table or view that is only read on the primary. A name that is none is left out. Default: none.
    #[must_use]
    pub fn primary_table(mut self, name: &str) -> Self {
        self.primary_tables.extend(RelationName::of(name));
        self
    }

    /// What is said of a function: `true` that it only reads, `false` that it is the primary's, which outranks.
    pub(super) fn function(&self, schema: Option<&str>, name: &str, search_path: &[&str]) -> Option<bool> {
        if holds(&self.primary_functions, schema, name, search_path) {
            return Some(false);
        }
        holds(&self.read_only_functions, schema, name, search_path).then_some(true)
    }

    pub(super) fn is_primary_table(&self, name: &RelationName, search_path: &[&str]) -> bool {
        holds(&self.primary_tables, name.schema(), name.name(), search_path)
    }
}

fn holds(list: &HashSet<RelationName>, schema: Option<&str>, name: &str, search_path: &[&str]) -> bool {
    if list.is_empty() {
        return false;
    }
    let has = |schema: Option<&str>| list.contains(&RelationName::new(schema, name));
    match schema {
        _ if has(None) => true,
        Some(schema) => has(Some(schema)),
        None => search_path.iter().any(|schema| has(Some(schema))),
    }
}
