//! The tables a workload touches.

use std::collections::HashMap;

use super::table::Table;

/// The tables a workload touches, partitions by the table they are parts of.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) list: Vec<Table>,
    by_name: HashMap<(String, String), usize>,
}

impl Tables {
    pub(crate) fn new(list: Vec<Table>) -> Self {
        let mut by_name = HashMap::new();
        for (at, table) in list.iter().enumerate() {
            by_name.insert((table.schema.clone(), table.name.clone()), at);
            for part in &table.partitions {
                by_name.insert((part.schema.clone(), part.name.clone()), at);
            }
        }
        Self { list, by_name }
    }

    /// The place of the table of that name, or whose partition has it.
    pub(crate) fn find(&self, schema: Option<&str>, name: &str) -> Option<usize> {
        match schema {
            Some(schema) => self.by_name.get(&(schema.to_owned(), name.to_owned())).copied(),
            None => self.list.iter().position(|table| table.name == name),
        }
    }
}
