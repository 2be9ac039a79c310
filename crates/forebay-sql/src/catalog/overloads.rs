//! Things of a database by name, in whichever schemas have one.

use std::collections::HashMap;

/// For each name the schemas that have it, with what is known of it there.
#[derive(Clone, Debug)]
pub(super) struct Overloads<T>(HashMap<Box<str>, Vec<There<T>>>);

/// What is known of a name in one schema.
#[derive(Clone, Debug)]
pub(super) struct There<T> {
    schema: Box<str>,
    pub(super) what: T,
    /// In words, for messages.
    pub(super) why: Option<Box<str>>,
}

impl<T> Default for Overloads<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Copy + Ord> Overloads<T> {
    /// Add one; of two with the same schema and name the greater counts, and of equal ones the first.
    pub(super) fn add(&mut self, schema: &str, name: &str, what: T, why: Option<&str>) {
        let why = why.map(Box::from);
        let there = self.0.entry(Box::from(name)).or_default();
        match there.iter_mut().find(|other| *other.schema == *schema) {
            Some(known) if known.what >= what => {}
            Some(known) => (known.what, known.why) = (what, why),
            None => there.push(There { schema: Box::from(schema), what, why }),
        }
    }

    /// The greatest of those called `name` in `schema`, or without one in any schema of `search_path`, which always has pg_catalog.
    pub(super) fn find(&self, schema: Option<&str>, name: &str, search_path: &[&str]) -> Option<&There<T>> {
        let here = |other: &str| match schema {
            Some(schema) => schema == other,
            None => other == "pg_catalog" || search_path.contains(&other),
        };
        self.greatest(name, |there| here(&there.schema))
    }

    /// The greatest of those called `name` in any schema.
    pub(super) fn anywhere(&self, name: &str) -> Option<&There<T>> {
        self.greatest(name, |_| true)
    }

    fn greatest(&self, name: &str, here: impl Fn(&There<T>) -> bool) -> Option<&There<T>> {
        self.0.get(name)?.iter().filter(|there| here(there)).max_by_key(|there| there.what)
    }

    /// Only those of at least `least`.
    pub(super) fn from(mut self, least: T) -> Self {
        self.0.retain(|_, there| {
            there.retain(|there| there.what >= least);
            !there.is_empty()
        });
        self
    }
}
