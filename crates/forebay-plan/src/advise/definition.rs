//! What an index indexes.

use serde::{Deserialize, Serialize};

use super::expression::quoted;

/// What an index indexes, whether it is there or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// `btree`, `brin`, `gin`, …
    pub method: String,
    /// What rows are found by, in order.
    pub keys: Vec<Key>,
    /// Columns carried along.
    pub include: Vec<String>,
    /// Which rows are in it; none: all.
    pub predicate: Option<String>,
    /// Whether no two rows may have the same keys.
    pub unique: bool,
}

/// One key of an index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The column's name as SQL spells it, or an expression.
    pub text: String,
    /// The column, where it is one.
    pub column: Option<String>,
    /// The operator class, where it is not the type's usual one.
    pub operator_class: Option<String>,
    /// The collation, where it is not the column's.
    pub collation: Option<String>,
    /// Whether greater values come first.
    pub descending: bool,
    /// Whether NULLs come first.
    pub nulls_first: bool,
}

impl Key {
    /// A column, in ascending order.
    #[must_use]
    pub fn column(name: &str) -> Self {
        Self { text: quoted(name), column: Some(name.to_owned()), ..Self::default() }
    }

    /// An expression, in ascending order.
    #[must_use]
    pub fn expression(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// The key as `CREATE INDEX` takes it.
    fn sql(&self) -> String {
        let mut sql = match &self.column {
            Some(_) => self.text.clone(),
            None => format!("({})", self.text),
        };
        if let Some(collation) = &self.collation {
            sql.push_str(&format!(" COLLATE {}", quoted(collation)));
        }
        if let Some(class) = &self.operator_class {
            sql.push_str(&format!(" {class}"));
        }
        if self.descending {
            sql.push_str(" DESC");
        }
        if self.nulls_first != self.descending {
            sql.push_str(if self.nulls_first { " NULLS FIRST" } else { " NULLS LAST" });
        }
        sql
    }
}

impl Definition {
    /// A b-tree over keys.
    #[must_use]
    pub fn btree(keys: Vec<Key>) -> Self {
        Self { method: "btree".to_owned(), keys, ..Self::default() }
    }

    /// What stands behind `ON table`: `USING btree (a, b DESC) INCLUDE (c) WHERE (d IS NULL)`.
    #[must_use]
    pub fn sql(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(Key::sql).collect();
        let mut sql = format!("USING {} ({})", self.method, keys.join(", "));
        if !self.include.is_empty() {
            let include: Vec<String> = self.include.iter().map(|name| quoted(name)).collect();
            sql.push_str(&format!(" INCLUDE ({})", include.join(", ")));
        }
        if let Some(predicate) = &self.predicate {
            sql.push_str(&format!(" WHERE ({predicate})"));
        }
        sql
    }

    /// The columns it holds, keys first; those within expressions aside.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().filter_map(|key| key.column.as_deref());
        keys.chain(self.include.iter().map(String::as_str))
    }
}
