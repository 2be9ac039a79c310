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
    /// Functions that only read, whatever the catalogue says. A text that is no name ([`RelationName::parse`]) is left out. Default: none.
    #[must_use]
    pub fn read_only_functions(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.read_only_functions.extend(parsed(names));
        self
    }

    /// Functions that are only called on the primary. A text that is no name ([`RelationName::parse`]) is left out. Default: none.
    #[must_use]
    pub fn primary_functions(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.primary_functions.extend(parsed(names));
        self
    }

    /// Tables and views that are only read on the primary. A text that is no name ([`RelationName::parse`]) is left out. Default: none.
    #[must_use]
    pub fn primary_tables(mut self, names: impl IntoIterator<Item: AsRef<str>>) -> Self {
        self.primary_tables.extend(parsed(names));
        self
    }

    /// What is said of a function: `true` that it only reads, `false` that it is the primary's, which outranks.
    pub(super) fn function(
        &self,
        schema: Option<&str>,
        name: &str,
        search_path: Option<&[&str]>,
    ) -> Option<bool> {
        if holds(&self.primary_functions, schema, name, search_path, true) {
            return Some(false);
        }
        holds(&self.read_only_functions, schema, name, search_path, false).then_some(true)
    }

    pub(super) fn is_primary_table(&self, name: &RelationName, search_path: Option<&[&str]>) -> bool {
        holds(&self.primary_tables, name.schema(), name.name(), search_path, true)
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read_only_functions.is_empty()
            && self.primary_functions.is_empty()
            && self.primary_tables.is_empty()
    }
}

fn parsed(names: impl IntoIterator<Item: AsRef<str>>) -> impl Iterator<Item = RelationName> {
    names.into_iter().filter_map(|name| RelationName::parse(name.as_ref()))
}

/// Whether a list has a name. Without a `search_path` one of the list in whichever schema counts as `unknown` says.
fn holds(
    list: &HashSet<RelationName>,
    schema: Option<&str>,
    name: &str,
    search_path: Option<&[&str]>,
    unknown: bool,
) -> bool {
    if list.is_empty() {
        return false;
    }
    let has = |schema: Option<&str>| list.contains(&RelationName::new(schema, name));
    match (schema, search_path) {
        _ if has(None) => true,
        (Some(schema), _) => has(Some(schema)),
        (None, Some(search_path)) => search_path.iter().any(|schema| has(Some(schema))),
        (None, None) => unknown && list.iter().any(|listed| listed.name() == name),
    }
}
