//! Which names are common table expressions here.

use std::collections::HashMap;

/// The names of the `WITH` lists around the current token. Each is visible until the parenthesis, or the statement, ends that its list
/// stands in.
#[derive(Debug, Default)]
pub(super) struct CommonTables {
    /// The visible names in the order they appeared.
    order: Vec<Box<str>>,
    /// How often each of them is in that order.
    count: HashMap<Box<str>, usize>,
}

impl CommonTables {
    pub(super) fn add(&mut self, name: Box<str>) {
        *self.count.entry(name.clone()).or_default() += 1;
        self.order.push(name);
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.count.get(name).is_some_and(|&count| count > 0)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Forget all but the first `len` names.
    pub(super) fn truncate(&mut self, len: usize) {
        for name in self.order.drain(len.min(self.order.len())..) {
            if let Some(count) = self.count.get_mut(&name) {
                *count -= 1;
            }
        }
    }
}
