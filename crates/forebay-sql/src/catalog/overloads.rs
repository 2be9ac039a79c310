//! Things of a database by name, in whichever schemas have one.

use std::collections::HashMap;

/// For each name the schemas that have it, with what is known of it there.
#[derive(Clone, Debug)]
pub(super) struct Overloads<T>(HashMap<Box<str>, Vec<(Box<str>, T)>>);

impl<T> Default for Overloads<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Copy + Ord> Overloads<T> {
    /// Add one; of two with the same schema and name the greater counts.
    pub(super) fn add(&mut self, schema: &str, name: &str, what: T) {
        let there = self.0.entry(Box::from(name)).or_default();
        match there.iter_mut().find(|(other, _)| **other == *schema) {
            Some((_, known)) => *known = what.max(*known),
            None => there.push((Box::from(schema), what)),
        }
    }

    /// The greatest of those called `name` in `schema`, or without one in any schema of `search_path`.
    pub(super) fn find(&self, schema: Option<&str>, name: &str, search_path: &[&str]) -> Option<T> {
        let here =
            |other: &str| schema.map_or_else(|| search_path.contains(&other), |schema| schema == other);
        let all = self.0.get(name)?;
        all.iter().filter(|(other, _)| here(other)).map(|(_, what)| *what).max()
    }

    /// The greatest of those called `name` in any schema.
    pub(super) fn anywhere(&self, name: &str) -> Option<T> {
        self.0.get(name)?.iter().map(|(_, what)| *what).max()
    }
}
